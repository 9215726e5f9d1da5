import { describe, expect, it } from "@effect/vitest"
import { Duration, Schema } from "effect"
import { Decision, RetryPolicy } from "effect-stamina"
import { numberBelow1 } from "../kit/arbitraries.ts"

/** The most attempts that a simulated run makes; only runs without any limit get there. */
const patience = 3_000
const almost1 = 1 - 2 ** -53

interface Run {
  readonly attempts: number
  readonly waited: number
}

/** A run that fails again and again: what `random` and `duration` say of each attempt, counted from 1. */
const simulate = (
  policy: RetryPolicy.RetryPolicy,
  random: (attempt: number) => number,
  duration: (attempt: number) => number = () => 0
): Run => {
  const rules = Decision.fromPolicy(policy)
  let elapsed = 0
  let waited = 0
  let previousWait: number | undefined
  for (let attempt = 1;; attempt++) {
    elapsed += duration(attempt)
    const failed = { attempt, elapsed, verdict: true, previousWait } as const
    const decision = Decision.decide(rules, failed, () => random(attempt))
    if (decision._tag === "Stop" || attempt === patience) return { attempts: attempt, waited }
    previousWait = decision.wait
    elapsed += decision.wait
    waited += decision.wait
  }
}

/**
 * The longest waiting of all runs found by trying: up to some retry all numbers drawn are the same, as large as lets
 * the run get to that retry, whose own is at its largest, or, where that must not overshoot, is the same too. Knows
 * nothing of how bounds are reckoned.
 */
const longestRun = (policy: RetryPolicy.RetryPolicy, retries: number): number => {
  let longest = 0
  for (let last = 1; last <= retries; last++) {
    const run = policy.overshoot === "refuse"
      ? (u: number) => simulate(policy, (attempt) => attempt <= last ? u : 0)
      : (u: number) => simulate(policy, (attempt) => attempt < last ? u : almost1)
    let low = 0
    let high = almost1
    for (let halving = 0; halving < 50; halving++) {
      const middle = (low + high) / 2
      if (run(middle).attempts > last) low = middle
      else high = middle
    }
    longest = Math.max(longest, run(low).waited, run(almost1).waited)
  }
  return longest
}

const boundsOf = (input: RetryPolicy.Input) => {
  const { attempts, totalWait } = RetryPolicy.bounds(RetryPolicy.make(input))
  return [attempts, Duration.toMillis(totalWait)]
}

const unlimited = { attempts: Infinity, timeout: Duration.infinity }
const runs = { arbitrary: { runs: 300 } }

/** Numbers of which many are at the ends, where the worst runs are. */
const randoms = Schema.NonEmptyArray(Schema.Union([numberBelow1, Schema.Literals([0, almost1])]))
const durations = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 })))

const cycle = (values: ReadonlyArray<number>) => (attempt: number): number => values[attempt % values.length] ?? 0

describe("RetryPolicy.bounds", () => {
  it.each<readonly [what: string, input: RetryPolicy.Input, bounds: readonly [attempts: number, millis: number]]>([
    ["the defaults", {}, [10, 27_300]],
    ["one attempt", { attempts: 1 }, [1, 0]],
    ["one attempt without a timeout", { attempts: 1, timeout: Duration.infinity }, [1, 0]],
    ["one retry", { attempts: 2 }, [2, 1_100]],
    ["no jitter", { waitJitter: 0 }, [10, 21_300]],
    ["a constant wait", { waitExpBase: 1, waitJitter: 0 }, [10, 900]],
    ["base 0", { waitExpBase: 0, waitJitter: 0 }, [10, 100]],
    ["base 0 with jitter", { waitExpBase: 0 }, [10, 9_100]],
    ["base 1/2", { attempts: 4, waitExpBase: 0.5, waitJitter: 0 }, [4, 175]],
    ["a huge base", { waitExpBase: 1e308, waitJitter: 0 }, [10, 100 + 8 * 5_000]],
    ["no waits", { waitMax: 0 }, [10, 0]],
    ["nothing but jitter", { waitInitial: 0 }, [10, 9_000]],
    ["a start above the cap", { waitInitial: "1 minute", waitMax: "5 seconds" }, [10, 45_000]],
    ["a start above the default cap", { waitInitial: "10 seconds" }, [6, 50_000]],
    ["jitter in percent", { waitJitter: "20%" }, [10, 3_100 * 1.2 + 3_200 * 1.2 + 3 * 5_000]],
    ["jitter in percent, up to the cap", { waitJitter: "50%", waitInitial: "4 seconds", attempts: 3 }, [3, 10_000]],
    // retries at 0, 100, 300, 700: a failure after 1 s and more is final
    ["a timeout that comes first", { timeout: "1 second" }, [5, 1_000 + 1_800]],
    ["a timeout that is reached exactly", { timeout: 300, waitExpBase: 1, waitJitter: 0 }, [4, 300]],
    ["a timeout shorter than any wait", { timeout: "1 nano" }, [2, 1_100]],
    ["unlimited attempts", { attempts: Infinity }, [15, 50_000]],
    ["unlimited attempts that take no time", { attempts: Infinity, waitMax: 0 }, [Infinity, 0]],
    ["unlimited attempts, nothing but jitter", { attempts: Infinity, waitInitial: 0, waitExpBase: 1 }, [
      Infinity,
      46_000
    ]],
    // 100 + 50 + 25 + ... stays below the timeout for ever
    ["waits that shrink", { attempts: Infinity, waitExpBase: 0.5, waitJitter: 0 }, [Infinity, 200]],
    ["waits that shrink, but too slowly", { attempts: Infinity, waitExpBase: 0.5, waitJitter: 0, timeout: 175 }, [
      4,
      175
    ]],
    ["no limit", unlimited, [Infinity, Infinity]],
    ["no limit, no jitter", { ...unlimited, waitJitter: 0 }, [Infinity, Infinity]],
    ["no limit, no waits", { ...unlimited, waitMax: 0 }, [Infinity, 0]],
    ["no limit, base 0", { ...unlimited, waitExpBase: 0, waitJitter: 0 }, [Infinity, 100]],
    ["no limit, base 1/2", { ...unlimited, waitExpBase: 0.5, waitJitter: 0 }, [Infinity, 200]],
    ["no limit, base 1/2, jitter", { ...unlimited, waitExpBase: 0.5 }, [Infinity, Infinity]],
    // 0 · 2^n is 0 until 2^n overflows; then it is waitMax, as in stamina
    ["a start of 0", { attempts: 1_000, timeout: Duration.infinity, waitInitial: 0, waitJitter: 0 }, [1_000, 0]],
    ["a start of 0, for long", { ...unlimited, waitInitial: 0, waitJitter: 0 }, [Infinity, Infinity]],
    ["full", { backoff: "full" }, [10, 21_300]],
    ["full, which may take no time", { backoff: "full", attempts: Infinity }, [Infinity, 50_000]],
    ["equal", { backoff: "equal" }, [10, 21_300]],
    // halves of 100, 200, 400, 800 leave time for a fifth within a second
    ["equal, and a timeout that comes first", { backoff: "equal", timeout: "1 second" }, [6, 1_000 + 1_600]],
    // 300, 900, 2700, and 5000 six times
    ["decorrelated", { backoff: "decorrelated" }, [10, 33_900]],
    ["decorrelated, unlimited attempts", { backoff: "decorrelated", attempts: Infinity }, [451, 50_000]],
    ["decorrelated, a start of 0", { ...unlimited, backoff: "decorrelated", waitInitial: 0 }, [Infinity, 0]],
    ["decorrelated, a start above the cap", {
      backoff: "decorrelated",
      waitInitial: "1 minute",
      waitMax: "5 seconds"
    }, [10, 45_000]],
    ["constant", { backoff: "constant" }, [10, 9_900]],
    ["constant, the base being no matter", { backoff: "constant", waitExpBase: 1e300, waitJitter: 0 }, [10, 900]],
    ["linear", { backoff: "linear" }, [10, 13_500]],
    ["linear, a start of 0", { ...unlimited, backoff: "linear", waitInitial: 0, waitJitter: 0 }, [Infinity, 0]],
    // 1, 1, 2, 3, 5, 8, 13, 21, 34 times 100
    ["fibonacci", { backoff: "fibonacci" }, [10, 17_800]],
    ["fibonacci, a start of 0", { ...unlimited, backoff: "fibonacci", waitInitial: 0, waitJitter: 0 }, [Infinity, 0]],
    ["fibonacci, for long", { ...unlimited, backoff: "fibonacci", waitJitter: 0 }, [Infinity, Infinity]],
    ["a list", { backoff: ["1 second", "2 seconds", "5 seconds"], waitJitter: 0 }, [10, 38_000]],
    ["a list with jitter, capped", { backoff: ["1 second", "2 seconds", "5 seconds"] }, [10, 40_000]],
    ["a list of one", { backoff: [7], waitJitter: 0 }, [10, 63]],
    ["a list that is longer than the run", { backoff: [1, 2, 4, 8, 16], attempts: 4, waitJitter: 0 }, [4, 7]],
    ["a list that comes to an end in nothing", { ...unlimited, backoff: [1, 2, 0], waitJitter: 0 }, [Infinity, 3]],
    ["a list that comes back to its first wait", { ...unlimited, backoff: [0, 9, 0], waitJitter: 0 }, [Infinity, 9]],
    // a failure just before 500 may be followed by the wait of 900, or later by one of 1
    ["a list whose worst wait is in the middle", { backoff: [1, 900, 1], timeout: 500, waitJitter: 0 }, [3, 901]],
    ["a timeout that may not be overshot", { overshoot: "refuse", timeout: "1 second", waitJitter: 0 }, [4, 700]],
    ["the same with jitter", { overshoot: "refuse", timeout: "1 second" }, [4, 1_000]],
    ["a wait that would end at the timeout exactly", {
      overshoot: "refuse",
      timeout: 300,
      waitExpBase: 1,
      waitJitter: 0
    }, [3, 200]],
    ["a timeout that no wait fits into", { overshoot: "refuse", timeout: 100 }, [1, 0]],
    ["no timeout to overshoot", { overshoot: "refuse", timeout: Duration.infinity }, [10, 27_300]],
    ["unlimited attempts without overshooting", { overshoot: "refuse", attempts: Infinity }, [14, 45_000]],
    ["unlimited attempts that take no time, without overshooting", {
      overshoot: "refuse",
      attempts: Infinity,
      backoff: "full"
    }, [Infinity, 45_000]],
    ["a list without overshooting", {
      overshoot: "refuse",
      backoff: [100, 800, 1],
      timeout: 850,
      waitJitter: 0
    }, [2, 100]],
    ["a billion attempts", { attempts: 1e9, timeout: Duration.infinity, waitExpBase: 1, waitJitter: 0 }, [
      1e9,
      (1e9 - 1) * 100
    ]]
  ])("knows those of %s", (_, input, bounds) => {
    expect(boundsOf(input)).toEqual(bounds)
  })

  it.prop("no run exceeds them", [RetryPolicy.Schema, randoms, durations], ([policy, random, duration]) => {
    const bounds = RetryPolicy.bounds(policy)
    for (const took of [() => 0, cycle(duration)]) {
      const run = simulate(policy, cycle(random), took)
      expect(run.attempts).toBeLessThanOrEqual(bounds.attempts)
      // bounds are rounded to the nanosecond
      expect(run.waited).toBeLessThanOrEqual(Duration.toMillis(bounds.totalWait) + 1e-6)
    }
  }, runs)

  it.prop("the run with the shortest waits makes as many attempts", [RetryPolicy.Schema], ([policy]) => {
    const { attempts } = RetryPolicy.bounds(policy)
    expect(simulate(policy, () => 0).attempts).toBe(Math.min(attempts, patience))
  }, runs)

  it.prop(
    "without overshooting, no run waits for as long as the timeout",
    [RetryPolicy.Schema, randoms],
    ([any, u]) => {
      const policy = RetryPolicy.make({ ...any, overshoot: "refuse" })
      expect(simulate(policy, cycle(u)).waited).toBeLessThan(Duration.toMillis(policy.timeout))
      expect(Duration.toMillis(RetryPolicy.bounds(policy).totalWait)).toBeLessThanOrEqual(
        Duration.toMillis(policy.timeout)
      )
    },
    runs
  )

  const fewAttempts = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))
  it.prop("the worst run comes near the longest waiting", [RetryPolicy.Schema, fewAttempts], ([any, attempts]) => {
    const policy = RetryPolicy.make({ ...any, attempts })
    const total = Duration.toMillis(RetryPolicy.bounds(policy).totalWait)
    const found = longestRun(policy, attempts - 1)
    expect(found).toBeLessThanOrEqual(total + 1e-6)
    // the one bound that is out of reach, as is documented: a long last wait takes long waits before it
    const alone = Duration.toMillis(RetryPolicy.bounds({ ...policy, timeout: Duration.infinity }).totalWait)
    const isCutShort = policy.backoff === "decorrelated" && policy.overshoot === "allow" && alone !== total
    expect(found).toBeGreaterThanOrEqual(isCutShort ? 0 : total - 1e-3)
  }, runs)

  it.each<RetryPolicy.Input>([
    { attempts: 1e9 },
    { attempts: 1e9, timeout: Duration.infinity, waitExpBase: 1 + 1e-12, waitInitial: 0, waitMax: "1 day" },
    { ...unlimited },
    { ...unlimited, waitExpBase: 1 - 2 ** -53, waitJitter: 0 },
    { ...unlimited, waitExpBase: 1 + 2 ** -52, waitJitter: 0, waitInitial: 0 },
    { attempts: Infinity, timeout: "5000 weeks", waitInitial: "1 nano", waitExpBase: 1, waitJitter: 0 },
    { attempts: Number.MAX_VALUE, timeout: { weeks: 1e50 }, waitExpBase: 1 + 2 ** -52 },
    ...RetryPolicy.shapeNames.filter((name) => name !== "additive").flatMap((backoff) => [
      { ...unlimited, backoff, waitJitter: 0, waitInitial: "1 nano" as const, waitMax: { weeks: 1e290 } },
      { attempts: 1e9, timeout: { weeks: 1e290 }, overshoot: "refuse" as const, backoff, waitExpBase: 1 + 1e-12 }
    ]),
    { ...unlimited, backoff: Array.from({ length: 200_000 }, (_, i) => i % 7) },
    { ...unlimited, backoff: Array.from({ length: 200_000 }, (_, i) => i % 7), waitJitter: 0, waitExpBase: 1 + 1e-12 }
  ])("are found before the test times out: %o", (input) => {
    const policy = RetryPolicy.make(input)
    const { attempts, totalWait } = RetryPolicy.bounds(policy)
    expect(attempts).toBeGreaterThan(1)
    expect(attempts).toBeLessThanOrEqual(policy.attempts)
    expect(Duration.toMillis(totalWait)).toBeGreaterThan(0)
  })

  it("count a list to its end, however long it is", () => {
    const backoff = [...Array.from({ length: 150_000 }, () => 0), 5, 3]
    expect(boundsOf({ ...unlimited, attempts: 150_004, backoff, waitJitter: 0 })).toEqual([150_004, 11])
  })

  it("do not end a run without a timeout because its waits are more than a number can hold", () => {
    expect(boundsOf({ ...unlimited, backoff: "linear", waitMax: { weeks: 1e290 }, waitInitial: { weeks: 1e280 } }))
      .toEqual([Infinity, Infinity])
  })

  it("are not too small, nor much too large, after a hundred thousand retries", () => {
    // the waits sum to 1 / (1 − base)
    const [, shrinking = 0] = boundsOf({ ...unlimited, waitInitial: 1, waitExpBase: 1 - 1e-7, waitJitter: 0 })
    expect(shrinking).toBeGreaterThan(1e7)
    expect(shrinking).toBeLessThan(1.001e7)
    // a million and one failures within a million milliseconds, the first at once
    const [attempts = 0, total] = boundsOf({
      attempts: Infinity,
      timeout: 1e6,
      waitInitial: 1,
      waitExpBase: 1,
      waitJitter: 0
    })
    expect(attempts).toBeGreaterThanOrEqual(1e6 + 1)
    expect(attempts).toBeLessThanOrEqual(1e6 + 2)
    expect(total).toBe(1e6 + 1)
  })
})
