/**
 * Draws the figures of the docs: the library decides, Vega-Lite draws. The figures of docs/motivation.md stand here,
 * those of whole simulations in simulated.ts.
 *
 *     node docs/figures/make.ts            write the figures
 *     node docs/figures/make.ts --check    say which figures on disk differ, and exit with 1 if any does
 *
 * The same figures come out every time: chance is seeded and time is simulated.
 */
import { Effect, Random } from "effect"
import type { TopLevelSpec } from "vega-lite"
import { Backoff, Decision, RetryPolicy } from "../../packages/stamina/src/index.ts"
import { colours, config, panelTitle, publish, seconds, width } from "./drawing.ts"
import { amplification, blip, survival, waves } from "./simulated.ts"

const seed = "effect-stamina"

/** 1: the shortest, middle and longest wait before each retry. */
const waits = (): TopLevelSpec => {
  const backoff = Backoff.fromPolicy(RetryPolicy.defaults)
  const values = Array.from({ length: RetryPolicy.defaults.attempts - 1 }, (_, index) => ({
    retry: index + 1,
    shortest: seconds(Backoff.shortest(backoff, index + 1)),
    middle: seconds(Backoff.wait(backoff, index + 1, () => 0.5)),
    longest: seconds(Backoff.longest(backoff, index + 1))
  }))
  const x = { field: "retry", type: "ordinal", title: "before retry number", axis: { labelAngle: 0 } } as const
  return {
    title: "How long the defaults wait",
    description: "Bars from the shortest to the longest wait before each of nine retries, with the middle marked.",
    width,
    height: 240,
    config,
    data: { values },
    layer: [
      {
        mark: { type: "bar", color: colours.blue, opacity: 0.4, width: 28 },
        encoding: {
          x,
          y: { field: "shortest", type: "quantitative", title: "wait (s)", scale: { domain: [0, 5] } },
          y2: { field: "longest" }
        }
      },
      {
        mark: { type: "tick", color: colours.blue, thickness: 3, width: 28 },
        encoding: { x, y: { field: "middle", type: "quantitative" } }
      }
    ]
  }
}

const clients = 1000
const bin = 100
const capacity = 20

interface Request {
  readonly bin: number
  readonly answered: boolean
}

/** A thousand clients call at once; of the calls of 100 ms the server answers the first 20 and refuses the others. */
const stampede = (policy: RetryPolicy.RetryPolicy): ReadonlyArray<Request> => {
  const rules = Decision.fromPolicy(policy)
  const random = Effect.runSync(Random.withSeed(Effect.map(Random.Random, (service) => service), seed))
  const requests: Array<Request> = []
  let calls = Array.from({ length: clients }, () => ({ at: 0, attempt: 1 }))
  for (let now = 0; calls.length > 0; now += bin) {
    const due = calls.filter(({ at }) => at < now + bin).toSorted((left, right) => left.at - right.at)
    const refused = due.slice(capacity)
    for (const [index] of due.entries()) requests.push({ bin: now, answered: index < capacity })
    calls = calls.filter(({ at }) => at >= now + bin)
    for (const { at, attempt } of refused) {
      const failed = { attempt, elapsed: at, verdict: true }
      const decision = Decision.decide(rules, failed, () => random.nextDoubleUnsafe())
      // a call that is due within the same 100 ms is counted in the next
      if (decision._tag === "Retry") calls.push({ at: Math.max(at + decision.wait, now + bin), attempt: attempt + 1 })
    }
  }
  return requests
}

/** 2: what the server sees of three ways to wait. */
const herd = (): TopLevelSpec => {
  const policies = {
    "Always 1 s": RetryPolicy.make({ waitInitial: "1 second", waitExpBase: 1, waitJitter: 0 }),
    "100 ms, doubling up to 5 s": RetryPolicy.make({ waitJitter: 0 }),
    "Plus jitter up to 1 s": RetryPolicy.defaults
  }
  return {
    title: `${clients} clients, ${capacity} answers per ${bin} ms`,
    description: "Requests per 100 ms over time: without jitter in spikes of a thousand, with jitter spread out.",
    config,
    spacing: 16,
    vconcat: Object.entries(policies).map(([name, policy]) => {
      const requests = stampede(policy)
      const answers = requests.filter(({ answered }) => answered).length
      return {
        title: panelTitle(`${name}: ${requests.length} sent, ${answers} answered`),
        width,
        height: 110,
        data: { values: histogram(requests) },
        mark: { type: "rect" },
        encoding: {
          x: {
            field: "from",
            type: "quantitative",
            title: "time (s)",
            scale: { domain: [0, 22], nice: false },
            axis: { grid: false, tickCount: 11 }
          },
          x2: { field: "to" },
          y: {
            field: "bottom",
            type: "quantitative",
            title: "requests / 100 ms",
            scale: { domain: [0, 1000] },
            axis: { tickCount: 4, format: "d" }
          },
          y2: { field: "top" },
          color: {
            field: "kind",
            type: "nominal",
            scale: { domain: ["answered", "refused"], range: [colours.green, colours.orange] }
          }
        }
      }
    })
  }
}

/** Requests per 100 ms, as bars: the answered ones below, the refused ones on top. */
const histogram = (requests: ReadonlyArray<Request>) => {
  const counts = new Map<number, { answered: number; all: number }>()
  for (const { answered, bin } of requests) {
    const { all, answered: before } = counts.get(bin) ?? { answered: 0, all: 0 }
    counts.set(bin, { answered: before + Number(answered), all: all + 1 })
  }
  return [...counts].flatMap(([time, { all, answered }]) => {
    const bar = { from: seconds(time), to: seconds(time + bin) }
    return [
      { ...bar, kind: "answered", bottom: 0, top: answered },
      ...(all > answered ? [{ ...bar, kind: "refused", bottom: answered, top: all }] : [])
    ]
  })
}

/** How long a run can take in which each attempt fails after `attempt` ms, over a hundred shares of jitter. */
const longestRun = (policy: RetryPolicy.RetryPolicy, attempt: number): number => {
  const rules = Decision.fromPolicy(policy)
  let longest = 0
  for (let share = 0; share < 100; share++) {
    let elapsed = attempt
    for (let num = 1;; num++) {
      const failed = { attempt: num, elapsed, verdict: true }
      const decision = Decision.decide(rules, failed, () => (share + 0.5) / 100)
      if (decision._tag === "Stop") break
      elapsed += decision.wait + attempt
    }
    longest = Math.max(longest, elapsed)
  }
  return longest
}

/** 3: the total time that each limit allows, by how long an attempt takes to fail. */
const limits = (): TopLevelSpec => {
  const policies = {
    "10 attempts": RetryPolicy.make({ timeout: Infinity }),
    "45 s": RetryPolicy.make({ attempts: Infinity }),
    "both, the default": RetryPolicy.defaults
  }
  const values: Array<{ limit: string; attempt: number; total: number }> = []
  for (const [limit, policy] of Object.entries(policies)) {
    for (let attempt = 0; attempt <= 15_000; attempt += 100) {
      values.push({ limit, attempt: seconds(attempt), total: seconds(longestRun(policy, attempt)) })
    }
  }
  const names = Object.keys(policies)
  return {
    title: "How long a run can take",
    description: "Worst case of the total time by the duration of an attempt, for each limit alone and for both.",
    width,
    height: 260,
    config,
    data: { values },
    mark: { type: "line", clip: true },
    encoding: {
      x: { field: "attempt", type: "quantitative", title: "each attempt fails after (s)", scale: { domain: [0, 15] } },
      y: { field: "total", type: "quantitative", title: "total time (s)", scale: { domain: [0, 120] } },
      color: {
        field: "limit",
        type: "nominal",
        sort: names,
        scale: { domain: names, range: [colours.orange, colours.green, colours.blue] }
      },
      strokeDash: {
        field: "limit",
        type: "nominal",
        sort: names,
        scale: { domain: names, range: [[6, 4], [2, 3], [1, 0]] }
      },
      strokeWidth: { field: "limit", type: "nominal", sort: names, scale: { domain: names, range: [2, 2, 3] } }
    }
  }
}

await publish({
  waits: waits(),
  herd: herd(),
  limits: limits(),
  waves: waves(),
  survival: survival(),
  amplification: amplification(),
  blip: blip()
})
