/**
 * From the texts of the setting to what the linter and the simulators take. Each field is handed to the function that
 * takes it, alone, and what that throws stands beside the field.
 */
import type { Context, Rule } from "effect-stamina-lab/RetryLint"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import type { Fleet, Latency, OnProgress, Scenario, Trouble } from "effect-stamina-lab/RetrySimulation"
import type * as RetryBudget from "effect-stamina/RetryBudget"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import { herdFields, type HerdKey, useFields, type UseKey } from "./fields.ts"
import type { Faults } from "./policy.ts"
import type { SettingKey, SettingTexts } from "./state.ts"

/** What `RetrySimulation.run` takes, as far as the page says it. */
export type Use = Pick<Scenario, "latency" | "attemptTimeout" | "deadline" | "runs" | "seed">

/** The herd with a budget; without one, it is left out. */
export type Herd = Fleet & { readonly budget: NonNullable<Fleet["budget"]> }

export interface Setting {
  readonly context: Context
  readonly use: Use
  readonly herd: Herd
}

/** How many steps of time a figure may have: more than a screen has points for. */
const mostSteps = 5000

/** How many clients and calls a herd may have: beyond it, a browser needs minutes, and more memory than a page may have. */
const mostClients = 1_000_000
const mostCalls = 10_000_000

const millis = (time: Duration.Input = 0): number => Duration.toMillis(time)

/** Reads the texts of the setting. */
export const read = (texts: SettingTexts): Result.Result<Setting, Faults<SettingKey>> => {
  const faults = Object.fromEntries(
    [...useFields, ...herdFields].flatMap(({ key }) => {
      const message = faultOf(key, texts)
      return message === undefined ? [] : [[key, message]]
    })
  )
  if (Object.keys(faults).length > 0) return Result.fail(faults)
  const setting = settingOf(texts)
  const tooMuch = tooMuchOf(setting.herd)
  return tooMuch === undefined ? Result.succeed(setting) : Result.fail(tooMuch)
}

/** What the library would do, and a page should not begin. */
const tooMuchOf = ({ clients, lasts, rate, step }: Herd): Faults<SettingKey> | undefined => {
  const steps = Math.ceil(millis(lasts) / millis(step))
  if (steps > mostSteps) {
    return { step: `makes ${steps} steps of the figure, and ${mostSteps} are the most that can be drawn` }
  }
  if (clients > mostClients) return { clients: `must be at most ${mostClients} in a browser, got ${clients}` }
  const calls = rate === "herd" ? clients : Math.ceil(clients * rate * millis(lasts) / 1000)
  return calls > mostCalls
    ? { rate: `makes ${calls} calls, and ${mostCalls} are the most that a browser should simulate` }
    : undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// spelling
// ---------------------------------------------------------------------------------------------------------------------

/** A value as it was typed: a number if it is one. Whether it may be there is for others to say. */
type Spelt = string | number

const spelt = (text: string): Spelt => /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text

const listed = (text: string): ReadonlyArray<Spelt> => text.split(",").map((part) => spelt(part.trim()))

/** The text of a field; undefined if it is empty. */
const textOf = (texts: SettingTexts, key: SettingKey): string | undefined => {
  const text = texts[key]?.trim()
  return text === "" ? undefined : text
}

/**
 * The value of a field that its check has seen. `number` stands for what a field may hold: a text such as "10 seconds" is
 * left as it is, and goes wherever the library takes a number of milliseconds.
 */
const valueOf = (texts: SettingTexts, key: SettingKey): number | undefined => {
  const text = textOf(texts, key)
  return text === undefined ? undefined : spelt(text) as number
}

/** How much a budget holds: so many tokens, or what the traffic of some seconds earns. */
const capacityOf = (value: unknown): RetryBudget.Capacity | undefined => {
  const [, atLeast, seconds] = /^(\d+(?:\.\d+)?), or (\d+(?:\.\d+)?) seconds? of traffic$/.exec(String(value)) ?? []
  return atLeast === undefined
    ? value as number | undefined // whether it may be there is for others to say
    : { atLeast: Number(atLeast), seconds: Number(seconds) }
}

const isYes = (texts: SettingTexts, key: SettingKey, otherwise: boolean): boolean => {
  const text = textOf(texts, key)
  return text === undefined ? otherwise : text === "yes"
}

// ---------------------------------------------------------------------------------------------------------------------
// values
// ---------------------------------------------------------------------------------------------------------------------

const settingOf = (texts: SettingTexts): Setting => {
  const value = (key: SettingKey) => valueOf(texts, key)
  const [ignore, otherAttempts] = [textOf(texts, "ignore"), textOf(texts, "otherAttempts")]
  const attemptTimeout = value("attemptTimeout")
  const deadline = value("deadline")
  const seed = value("seed")
  return {
    context: {
      attemptTimeout,
      deadline,
      outage: value("outage"),
      otherAttempts: otherAttempts === undefined ? undefined : listed(otherAttempts) as ReadonlyArray<number>,
      utilisation: value("utilisation"),
      budgetedRetries: value("budgetedRetries"),
      ignore: ignore === undefined ? undefined : listed(ignore) as ReadonlyArray<Rule>
    },
    use: { latency: latencyOf(texts), attemptTimeout, deadline, runs: value("runs"), seed },
    herd: {
      clients: value("clients") ?? 1000,
      rate: textOf(texts, "rate") === "herd" ? "herd" : value("rate") ?? "herd",
      server: {
        capacity: value("capacity") ?? 200,
        queue: value("queue"),
        skipsAbandoned: isYes(texts, "skipsAbandoned", false)
      },
      trouble: troubleOf(texts),
      lasts: value("lasts") ?? 60_000,
      attemptTimeout,
      failures: value("chance"),
      budget: {
        capacity: capacityOf(value("budgetCapacity")),
        refill: value("budgetRefill"),
        whenEmpty: textOf(texts, "whenEmpty") === "refuse" ? "refuse" : "wait"
      },
      sharedBudget: isYes(texts, "sharedBudget", true),
      step: value("step") ?? 500,
      seed
    }
  }
}

const latencyOf = (texts: SettingTexts): Latency => {
  const latency = valueOf(texts, "latency") ?? 0
  const p99 = valueOf(texts, "latencyP99")
  return p99 === undefined ? latency : { median: latency, p99 }
}

const troubleOf = (texts: SettingTexts): Trouble | undefined => {
  const kind = textOf(texts, "trouble") ?? "refuses"
  return kind === "none" ? undefined : {
    kind: kind as Trouble["kind"], // its check has seen it
    from: valueOf(texts, "troubleFrom") ?? 0,
    lasts: valueOf(texts, "troubleLasts") ?? 20_000,
    factor: valueOf(texts, "factor")
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// checks
// ---------------------------------------------------------------------------------------------------------------------

/** Hands a value of any kind to the function that checks it, and says what it threw. */
type Check = (value: unknown, texts: SettingTexts) => string | undefined

const once = RetryPolicy.make({ attempts: 1 })

/** Is refused after all other fields, so that nothing is simulated for their sake. */
const refusedLast = "not a function" as unknown as OnProgress

/** What a function refuses: its message without the name of the function. */
const refusal = (call: () => unknown): string | undefined => {
  try {
    call()
    return undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const [, message = error.message] = /^[\w.]+: (.*)$/s.exec(error.message) ?? []
    return message.startsWith("onProgress ") ? undefined : message
  }
}

const byLint = (key: keyof Context): Check => (value) => refusal(() => RetryLint.check(once, { [key]: value }))

const byRun = (scenario: (value: never, texts: SettingTexts) => Scenario): Check => (value, texts) =>
  // `never`: the value is of any type, and it is the callee that looks at it
  refusal(() => RetrySimulation.run(once, { ...scenario(value as never, texts), onProgress: refusedLast }))

const byFleet = (fleet: (value: never) => Partial<Fleet>): Check => (value) =>
  refusal(() =>
    RetrySimulation.fleet(once, {
      clients: 1,
      rate: "herd",
      server: { capacity: 1 },
      ...fleet(value as never), // as above
      onProgress: refusedLast
    })
  )

/** The server is checked after all else: one call of one client, which is over at once. */
const byServer = (server: (value: never) => Partial<Fleet["server"]>): Check => (value) =>
  refusal(() =>
    RetrySimulation.fleet(once, {
      clients: 1,
      rate: "herd",
      server: { capacity: 1, ...server(value as never) }, // as above
      lasts: 1,
      step: 1
    })
  )

const oneOf = (...choices: ReadonlyArray<string>): Check => (value) =>
  choices.some((choice) => choice === value)
    ? undefined
    : `must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}, got ${JSON.stringify(value)}`

const ofUse: Readonly<Record<UseKey, Check>> = {
  latency: byRun((latency) => ({ latency })),
  latencyP99: byRun((p99, texts) => ({ latency: { median: valueOf(texts, "latency") ?? 0, p99 } })),
  attemptTimeout: byLint("attemptTimeout"),
  deadline: byLint("deadline"),
  outage: byLint("outage"),
  otherAttempts: byLint("otherAttempts"),
  utilisation: byLint("utilisation"),
  budgetedRetries: byLint("budgetedRetries"),
  ignore: byLint("ignore"),
  runs: byRun((runs) => ({ runs })),
  seed: byRun((seed) => ({ seed }))
}

const slow = { kind: "slow", from: 0, lasts: 1 } as const

const ofHerd: Readonly<Record<HerdKey, Check>> = {
  clients: byFleet((clients) => ({ clients })),
  rate: byFleet((rate) => ({ rate })),
  capacity: byServer((capacity) => ({ capacity })),
  queue: byServer((queue) => ({ queue })),
  skipsAbandoned: oneOf("no", "yes"),
  trouble: (kind, texts) =>
    kind === "none" ? undefined : byFleet((kind) => ({ trouble: { ...slow, kind } }))(kind, texts),
  troubleFrom: byFleet((from) => ({ trouble: { ...slow, from } })),
  troubleLasts: byFleet((lasts) => ({ trouble: { ...slow, lasts } })),
  factor: byFleet((factor) => ({ trouble: { ...slow, factor } })),
  chance: byFleet((failures) => ({ failures })),
  budgetCapacity: byFleet((capacity) => ({ budget: { capacity: capacityOf(capacity) } })),
  budgetRefill: byFleet((refill) => ({ budget: { refill } })),
  whenEmpty: oneOf("wait", "refuse"),
  sharedBudget: oneOf("yes", "no"),
  lasts: byFleet((lasts) => ({ lasts, step: lasts })),
  step: byFleet((step) => ({ step }))
}

const checks: Readonly<Record<SettingKey, Check>> = { ...ofUse, ...ofHerd }

const lists: ReadonlyArray<SettingKey> = ["otherAttempts", "ignore"]

const faultOf = (key: SettingKey, texts: SettingTexts): string | undefined => {
  const text = textOf(texts, key)
  return text === undefined ? undefined : checks[key](lists.includes(key) ? listed(text) : spelt(text), texts)
}
