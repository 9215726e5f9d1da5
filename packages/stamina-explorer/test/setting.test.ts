import { describe, expect, it } from "@effect/vitest"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Result from "effect/Result"
import { herdFields, useFields } from "../src/model/fields.ts"
import { read } from "../src/model/setting.ts"
import type { SettingKey, SettingTexts } from "../src/model/state.ts"

const settingOf = (texts: SettingTexts) => Result.getOrThrow(read(texts))

/** For each field a text that it may hold, and one that it may not, with what is said of it. */
const samples: Readonly<Record<SettingKey, readonly [good: string, bad: string, message: string]>> = {
  latency: ["50 millis", "slow", "latency must be a finite duration >= 0, got \"slow\""],
  latencyP99: ["1 second", "soon", "latency.p99 must be a finite duration >= 0, got \"soon\""],
  attemptTimeout: ["1 second", "0", "attemptTimeout must be a duration > 0 or Duration.infinity, got 0"],
  deadline: ["10 seconds", "-1", "deadline must be a duration > 0 or Duration.infinity, got -1"],
  outage: ["10 seconds", "long", "outage must be a finite duration >= 0, got \"long\""],
  otherAttempts: ["3, 2", "3, none", "otherAttempts must be an array of numbers >= 1, got \"none\""],
  utilisation: ["0.7", "70", "utilisation must be a number from 0 to 1, got 70"],
  budgetedRetries: ["0.2", "-1", "budgetedRetries must be a number >= 0, got -1"],
  ignore: ["endless, no-jitter", "jitter", "ignore must be an array of rules, got \"jitter\""],
  runs: ["500", "0.5", "runs must be an integer >= 1 and <= 10000000, got 0.5"],
  seed: ["7", "x", "seed must be an integer, got \"x\""],
  clients: ["20", "0", "clients must be an integer >= 1 and <= 10000000, got 0"],
  rate: ["2.5", "flock", "rate must be a number > 0, got \"flock\""],
  capacity: ["100", "0", "server.capacity must be a number > 0, got 0"],
  queue: ["50", "0", "server.queue must be a number > 0, got 0"],
  skipsAbandoned: ["yes", "perhaps", "must be \"no\" or \"yes\", got \"perhaps\""],
  trouble: ["hangs", "sleeps", "trouble.kind must be one of refuses, hangs, slow, got \"sleeps\""],
  troubleFrom: ["1 second", "now", "trouble.from must be a finite duration >= 0, got \"now\""],
  troubleLasts: ["5 seconds", "0", "trouble.lasts must be a finite duration > 0, got 0"],
  factor: ["0.2", "2", "trouble.factor must be a number > 0 and <= 1, got 2"],
  chance: ["0.1", "10", "failures must be a number from 0 to 1, got 10"],
  budgetCapacity: ["20", "0", "capacity must be a number from 1 to 1000000000, got 0"],
  budgetRefill: ["0.1", "20%", "refill must be a number from 0 to 1, got \"20%\""],
  whenEmpty: ["refuse", "no", "must be \"wait\" or \"refuse\", got \"no\""],
  sharedBudget: ["no", "some", "must be \"yes\" or \"no\", got \"some\""],
  lasts: ["2 minutes", "0", "lasts must be a finite duration > 0, got 0"],
  step: ["1 second", "0", "step must be a finite duration > 0, got 0"]
}

const keys: ReadonlyArray<SettingKey> = [...useFields, ...herdFields].map(({ key }) => key)

/** What a field needs beside it. */
const beside: SettingTexts = { latency: "50 millis" }

describe("the setting", () => {
  it.each(keys)("%s takes what the library takes, and passes it on", (key) => {
    const [good] = samples[key]
    expect(settingOf({ ...beside, [key]: good })).not.toEqual(settingOf(key === "latency" ? {} : beside))
  })

  it.each(keys)("%s refuses what the library refuses, in its words", (key) => {
    const [, bad, message] = samples[key]
    expect(read({ ...beside, [key]: bad })).toEqual(Result.fail({ [key]: message }))
  })

  it("with all fields is taken by the linter and the simulators", () => {
    const texts = Object.fromEntries(keys.map((key) => [key, samples[key][0]]))
    const { context, herd, use } = settingOf(texts)
    expect(() => {
      RetryLint.check(RetryPolicy.defaults, context)
      RetrySimulation.run(RetryPolicy.defaults, use)
      RetrySimulation.fleet(RetryPolicy.defaults, herd)
    }).not.toThrow()
    expect(herd).toEqual({
      clients: 20,
      rate: 2.5,
      server: { capacity: 100, queue: 50, skipsAbandoned: true },
      trouble: { kind: "hangs", from: "1 second", lasts: "5 seconds", factor: 0.2 },
      lasts: "2 minutes",
      attemptTimeout: "1 second",
      failures: 0.1,
      budget: { capacity: 20, refill: 0.1, whenEmpty: "refuse" },
      sharedBudget: false,
      step: "1 second",
      seed: 7
    })
  })

  it("without a text is what its empty fields say", () => {
    // what an empty field stands for is passed on as if it had been typed, wherever it is a value
    const said = Object.fromEntries(
      [...useFields, ...herdFields].filter(({ empty }) =>
        !/^(?:no|none|not said|no .*|as above)$/.test(empty)
        || empty === "no"
      ).map(({ empty, key }) => [key, empty])
    )
    const spelt = ({ herd, use }: ReturnType<typeof settingOf>) => {
      const { latency: _, ...result } = RetrySimulation.fleet(RetryPolicy.defaults, herd)
      return { result, ends: RetrySimulation.run(RetryPolicy.defaults, use).duration.mean }
    }
    expect(Object.keys(said).length).toBeGreaterThan(15)
    expect(spelt(settingOf(said))).toEqual(spelt(settingOf({})))
  })

  it("has no trouble where there is to be none", () => {
    expect(settingOf({ trouble: "none" }).herd.trouble).toBeUndefined()
  })

  it("wants a median for a p99", () => {
    expect(read({ latencyP99: "1 second" })).toMatchObject({
      failure: { latencyP99: expect.stringContaining("latency must be a median > 0") }
    })
  })

  it("has no more steps than can be drawn", () => {
    expect(read({ lasts: "1 hour", step: "1 milli" })).toEqual(
      Result.fail({ step: "makes 3600000 steps of the figure, and 5000 are the most that can be drawn" })
    )
    expect(read({ lasts: "5 seconds", step: "1 milli" })).toMatchObject({ _tag: "Success" })
  })

  it("has no herd that a browser could not hold", () => {
    expect(read({ clients: "1000001" })).toEqual(
      Result.fail({ clients: "must be at most 1000000 in a browser, got 1000001" })
    )
    expect(read({ clients: "1000", rate: "200", lasts: "1 minute" })).toEqual(
      Result.fail({ rate: "makes 12000000 calls, and 10000000 are the most that a browser should simulate" })
    )
    expect(read({ clients: "1000", rate: "166", lasts: "1 minute" })).toMatchObject({ _tag: "Success" })
  })

  it("is not there where it is blank", () => {
    const blank = Object.fromEntries(keys.map((key) => [key, "  "]))
    expect(read(blank)).toEqual(read({}))
  })

  it("is checked without being simulated", () => {
    // each alone would take longer than any test may
    expect(read({ runs: "10000000", clients: "1000000", lasts: "1000 weeks", step: "1 week" })).toMatchObject({
      _tag: "Success"
    })
  })
})
