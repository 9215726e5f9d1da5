import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"

const say = (input: RetryPolicy.Input) => RetryPolicy.describe(RetryPolicy.make(input))

const ten = "At most 10 attempts, no retry once 45s have passed"

const millisIn: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  µs: 1e-3,
  ns: 1e-6
}

/** Reads a duration as it is written in the sentence. */
const toMillis = (text: string): number =>
  text.split(" ").reduce((sum, part) => {
    const [, count, unit = ""] = /^([\d.]+)(\D+)$/.exec(part) ?? []
    return sum + Number(count) * (millisIn[unit] ?? NaN)
  }, 0)

describe("RetryPolicy.describe", () => {
  it.each<readonly [what: string, input: RetryPolicy.Input, sentence: string]>([
    [
      "the defaults",
      {},
      `${ten}; waits start at 100ms, double each time, gain up to 1s of jitter and never exceed 5s: at most 27.3s of ` +
      "waiting in all."
    ],
    ["no retries", { attempts: 1 }, "One attempt, no retries."],
    [
      "one retry",
      { attempts: 2 },
      "At most 2 attempts, no retry once 45s have passed; the only wait is between 100ms and 1.1s."
    ],
    [
      "one retry without jitter",
      { attempts: 2, waitJitter: 0 },
      "At most 2 attempts, no retry once 45s have passed; the only wait is 100ms."
    ],
    [
      "a timeout that comes first",
      { timeout: "1 second" },
      "At most 10 attempts, no retry once 1s have passed (so no more than 5); waits start at 100ms, " +
      "double each time, gain up to 1s of jitter and never exceed 5s: at most 2.8s of waiting in all."
    ],
    [
      "unlimited attempts",
      { attempts: Infinity, timeout: "90 seconds", waitExpBase: 3 },
      "Unlimited attempts, no retry once 1m 30s have passed (so no more than 23); waits start at 100ms, " +
      "triple each time, gain up to 1s of jitter and never exceed 5s: at most 1m 35s of waiting in all."
    ],
    [
      "no timeout",
      { timeout: Duration.infinity, waitExpBase: 1.5 },
      "At most 10 attempts and no timeout; waits start at 100ms, are multiplied by 1.5 each time, gain up to 1s of " +
      "jitter and never exceed 5s: at most 16.489s of waiting in all."
    ],
    [
      "no limit",
      { attempts: Infinity, timeout: Duration.infinity, waitJitter: 0 },
      "Unlimited attempts and no timeout; waits start at 100ms, double each time and never exceed 5s: no limit to the " +
      "waiting in all."
    ],
    [
      "base 1",
      { waitExpBase: 1 },
      `${ten}; waits stay the same at 100ms and gain up to 1s of jitter: at most 9.9s ` +
      "of waiting in all."
    ],
    [
      "base 1, no jitter",
      { waitExpBase: 1, waitJitter: 0 },
      `${ten}; waits stay the same at 100ms: at most 900ms ` +
      "of waiting in all."
    ],
    [
      "base 1, capped",
      { waitExpBase: 1, waitMax: 500 },
      `${ten}; waits stay the same at 100ms, gain up to 1s of ` +
      "jitter and never exceed 500ms: at most 4.5s of waiting in all."
    ],
    [
      "a start at the cap",
      { waitInitial: "5 seconds" },
      `${ten}; waits stay the same, 5s each: at most 45s of ` +
      "waiting in all."
    ],
    [
      "base 1/2",
      { waitExpBase: 0.5, waitJitter: 0 },
      `${ten}; waits start at 100ms and halve each time: at most ` +
      "199.609375ms of waiting in all."
    ],
    [
      "base 0",
      { waitExpBase: 0 },
      `${ten}; waits start at 100ms, fall to nothing after the first and gain up to 1s ` +
      "of jitter: at most 9.1s of waiting in all."
    ],
    [
      "a start above the cap that shrinks",
      { waitInitial: "10 seconds", waitMax: "5 seconds", waitExpBase: 0.5, waitJitter: 0 },
      `${ten}; waits start at 5s, shrink later on and never exceed 5s: at most 14.961s of waiting in all.`
    ],
    [
      "a start above the default cap",
      { waitInitial: "10 seconds", attempts: 3 },
      "At most 3 attempts, no retry once 45s have passed; waits stay the same, 10s each: at most 20s of waiting in all."
    ],
    [
      "jitter in percent",
      { waitJitter: "20%" },
      `${ten}; waits start at 100ms, double each time, vary by up to 20% both ways and never exceed 5s: ` +
      "at most 22.56s of waiting in all."
    ],
    [
      "jitter in percent, without growth",
      { waitJitter: "29%", backoff: "constant" },
      `${ten}; waits stay the same at 100ms and vary by up to 29% both ways: at most 1.161s of waiting in all.`
    ],
    [
      "jitter in percent, at the cap",
      { waitJitter: "20%", waitInitial: "5 seconds", backoff: "linear" },
      `${ten}; waits are between 4s and 5s each: at most 45s of waiting in all.`
    ],
    [
      "jitter in percent, of one wait",
      { waitJitter: "100%", attempts: 2 },
      "At most 2 attempts, no retry once 45s have passed; the only wait is between 0ms and 200ms."
    ],
    [
      "jitter in percent, of a list that comes to the cap by it",
      { waitJitter: "30%", backoff: ["1 second", "4 seconds"] },
      `${ten}; waits are 1s, then 4s each, vary by up to 30% both ways and never exceed 5s: at most 41.3s of waiting in ` +
      "all."
    ],
    [
      "jitter of no percent",
      { waitJitter: "0%", attempts: 3 },
      "At most 3 attempts, no retry once 45s have passed; waits start at 100ms, double each time and never exceed 5s: " +
      "at most 300ms of waiting in all."
    ],
    [
      "jitter in percent, which full jitter does not use",
      { waitJitter: "20%", backoff: "full", attempts: 3 },
      "At most 3 attempts, no retry once 45s have passed; waits are random, between 0ms and limits that start at 100ms, " +
      "double each time and never exceed 5s: at most 300ms of waiting in all."
    ],
    [
      "nothing but jitter",
      { waitInitial: 0 },
      `${ten}; waits are jitter alone, up to 1s each: at most 9s of waiting ` +
      "in all."
    ],
    [
      "nothing but jitter, for ever",
      { attempts: Infinity, timeout: Duration.infinity, waitInitial: 0, waitExpBase: 1 },
      "Unlimited attempts and no timeout; waits are jitter alone, up to 1s each: no limit to the waiting in all."
    ],
    [
      "a start of 0 that is doubled until it overflows",
      { attempts: Infinity, timeout: Duration.infinity, waitInitial: 0 },
      "Unlimited attempts and no timeout; waits start at 0ms, double each time, gain up to 1s of jitter and never " +
      "exceed 5s: no limit to the waiting in all."
    ],
    [
      "full",
      { backoff: "full" },
      `${ten}; waits are random, between 0ms and limits that start at 100ms, double each time and never exceed 5s: ` +
      "at most 21.3s of waiting in all."
    ],
    [
      "full, with limits that shrink",
      { backoff: "full", waitExpBase: 0.5, attempts: 3 },
      "At most 3 attempts, no retry once 45s have passed; waits are random, between 0ms and limits that start at " +
      "100ms and halve each time: at most 150ms of waiting in all."
    ],
    [
      "full, with one limit",
      { backoff: "full", waitMax: 100 },
      `${ten}; waits are random, between 0ms and 100ms each: at most 900ms of waiting in all.`
    ],
    [
      "one retry, full",
      { backoff: "full", attempts: 2 },
      "At most 2 attempts, no retry once 45s have passed; the only wait is between 0ms and 100ms."
    ],
    [
      "equal",
      { backoff: "equal", waitExpBase: 3 },
      `${ten}; waits are random, between half and all of limits that start at 100ms, triple each time and never exceed ` +
      "5s: at most 29s of waiting in all."
    ],
    [
      "equal, with one limit",
      { backoff: "equal", waitExpBase: 1 },
      `${ten}; waits are random, between half and all of 100ms: at most 900ms of waiting in all.`
    ],
    [
      "decorrelated",
      { backoff: "decorrelated" },
      `${ten}; waits are random, between 100ms and three times the wait before (at first 300ms), and never exceed 5s: ` +
      "at most 33.9s of waiting in all."
    ],
    [
      "decorrelated, at the cap from the first",
      { backoff: "decorrelated", waitInitial: "1 minute", waitMax: "5 seconds" },
      `${ten}; waits stay the same, 5s each: at most 45s of waiting in all.`
    ],
    [
      "constant",
      { backoff: "constant", waitInitial: "2 seconds" },
      `${ten}; waits stay the same at 2s and gain up to 1s of jitter: at most 27s of waiting in all.`
    ],
    [
      "constant, of nothing",
      { backoff: "constant", waitInitial: 0 },
      `${ten}; waits are jitter alone, up to 1s each: at most 9s of waiting in all.`
    ],
    [
      "linear",
      { backoff: "linear", waitInitial: "250 millis" },
      `${ten}; waits start at 250ms, grow by 250ms each time, gain up to 1s of jitter and never exceed 5s: ` +
      "at most 20.25s of waiting in all."
    ],
    [
      "linear, at the cap from the first, whatever the base",
      { backoff: "linear", waitInitial: "1 minute", waitMax: "5 seconds", waitExpBase: 0.5 },
      `${ten}; waits stay the same, 5s each: at most 45s of waiting in all.`
    ],
    [
      "fibonacci",
      { backoff: "fibonacci", waitJitter: 0 },
      `${ten}; waits start at 100ms, grow like the Fibonacci numbers (1, 1, 2, 3, 5 and so on) and never exceed 5s: ` +
      "at most 8.8s of waiting in all."
    ],
    [
      "a list",
      { backoff: ["1 second", "2 seconds", "4 seconds"], waitJitter: 0 },
      `${ten}; waits are 1s, 2s, then 4s each: at most 31s of waiting in all.`
    ],
    [
      "a list that comes to the cap and is not cut off",
      { backoff: ["1 second", "4 seconds"] },
      `${ten}; waits are 1s, then 4s each and gain up to 1s of jitter: at most 42s of waiting in all.`
    ],
    [
      "a list that is cut off",
      { backoff: ["1 second", "2 seconds", "10 seconds"], waitMax: "5 seconds" },
      `${ten}; waits are 1s, 2s, then 5s each, gain up to 1s of jitter and never exceed 5s: at most 40s of waiting in ` +
      "all."
    ],
    [
      "a list that is longer than the run",
      { backoff: [100, 200, 300, 400], attempts: 4, waitJitter: 0 },
      "At most 4 attempts, no retry once 45s have passed; waits are 100ms, 200ms and 300ms: at most 600ms of waiting " +
      "in all."
    ],
    [
      "a long list",
      { backoff: [100, 200, 300, 400, 500, 600, 700], waitJitter: 0 },
      `${ten}; waits are 100ms, 200ms, 300ms and so on, then 700ms each: at most 4.2s of waiting in all.`
    ],
    [
      "a long list that is longer than the run",
      { backoff: [100, 200, 300, 400, 500, 600, 700, 800], attempts: 8, waitJitter: 0 },
      "At most 8 attempts, no retry once 45s have passed; waits are 100ms, 200ms, 300ms and so on, the last 700ms: " +
      "at most 2.8s of waiting in all."
    ],
    [
      "a list of one",
      { backoff: ["3 seconds"] },
      `${ten}; waits stay the same at 3s and gain up to 1s of jitter: at most 36s of waiting in all.`
    ],
    [
      "a list of nothing",
      { backoff: [0, 0] },
      `${ten}; waits are jitter alone, up to 1s each: at most 9s of waiting in all.`
    ],
    [
      "a timeout that may not be overshot",
      { overshoot: "refuse", timeout: "30 seconds" },
      "At most 10 attempts, no retry that would begin once 30s have passed; waits start at 100ms, double each time, " +
      "gain up to 1s of jitter and never exceed 5s: at most 27.3s of waiting in all."
    ],
    [
      "a timeout that may not be overshot and comes first",
      { overshoot: "refuse", timeout: "1 second" },
      "At most 10 attempts, no retry that would begin once 1s have passed (so no more than 4); waits start at 100ms, " +
      "double each time, gain up to 1s of jitter and never exceed 5s: at most 1s of waiting in all."
    ],
    [
      "the one wait that does not overshoot",
      { overshoot: "refuse", timeout: 150 },
      "At most 10 attempts, no retry that would begin once 150ms have passed (so no more than 2); the only wait is " +
      "between 100ms and 150ms."
    ],
    [
      "a timeout that no wait fits into",
      { overshoot: "refuse", timeout: 100 },
      "One attempt, no retries: even the shortest wait would last until 100ms have passed."
    ],
    [
      "no timeout to overshoot",
      { overshoot: "refuse", timeout: Duration.infinity, attempts: 2, waitJitter: 0 },
      "At most 2 attempts and no timeout; the only wait is 100ms."
    ],
    ["no waits", { waitMax: 0 }, `${ten}; every retry follows at once.`],
    [
      "very short and very long",
      {
        attempts: 3,
        timeout: "10 days",
        waitInitial: "1500 nanos",
        waitExpBase: 1e12,
        waitMax: "26 hours",
        waitJitter: 0
      },
      "At most 3 attempts, no retry once 10d have passed; waits start at 1.5µs, are multiplied by " +
      "1000000000000 each time and never exceed 1d 2h: at most 1d 2h 0.001s of waiting in all."
    ]
  ])("puts %s in words", (_, input, sentence) => {
    expect(say(input)).toBe(sentence)
  })

  it.prop("mentions the bounds, and rounds neither down", [RetryPolicy.Schema], ([policy]) => {
    const sentence = RetryPolicy.describe(policy)
    const { attempts, totalWait } = RetryPolicy.bounds(policy)
    expect(sentence).toMatch(/^[A-Z][^.]*( |\d+\.\d|[^.])*\.$/)
    expect(sentence).not.toMatch(/NaN|undefined|Infinity|\[object/)
    if (attempts === 1) return expect(sentence).toMatch(/^One attempt, no retries[.:]/)
    expect(sentence).toContain(attempts === Infinity ? "Unlimited attempts" : ` ${attempts}`)
    const total = Duration.toMillis(totalWait)
    if (total === 0) return expect(sentence).toContain("every retry follows at once")
    if (total === Infinity) return expect(sentence).toContain("no limit to the waiting in all")
    const [, said = ""] =
      /(?:at most|only wait is(?: between .+ and)?) ([^:]+?)(?: of waiting in all)?\.$/.exec(sentence) ?? []
    expect(toMillis(said)).toBeGreaterThanOrEqual(total - 1e-6)
    expect(toMillis(said)).toBeLessThanOrEqual(total + 1)
  }, { arbitrary: { runs: 500 } })
})
