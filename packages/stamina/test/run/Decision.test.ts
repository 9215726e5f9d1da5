import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { Backoff, Decision, type RetryOn, RetryPolicy } from "effect-stamina"
import { inMode, type Mode } from "../../src/run/mode.ts"
import { numberBelow1 } from "../kit/arbitraries.ts"
import { replay } from "../kit/conformance.ts"
import { drivers } from "../kit/drivers.ts"

const schedule = drivers[0]!
const rules = Decision.fromPolicy(RetryPolicy.defaults)
const failed = { attempt: 1, elapsed: 0, verdict: true } as const
/** The plan in test mode. */
const testing = (plan: Decision.Plan, attempts = 3, cap = false) => inMode(plan, { attempts, cap })
const never = () => {
  throw new Error("nobody should draw a number")
}

describe("Decision.decide", () => {
  it("asks in this order: not retryable, already retried, attempts, timeout, hint, deadline", () => {
    const hint: RetryOn.Verdict = { _tag: "Hint", wait: 7000, max: 6000 }
    const questions: ReadonlyArray<readonly [bad: Partial<Decision.Failed>, reason: string]> = [
      [{ verdict: false }, "NotRetryable"],
      [{ alreadyRetried: true }, "AlreadyRetried"],
      [{ attempt: 10 }, "AttemptsExhausted"],
      [{ elapsed: 45_000 }, "TimeoutReached"],
      [{ verdict: hint }, "HintTooLong"],
      [{ deadline: 1 }, "WaitExceedsDeadline"]
    ]
    questions.forEach(([, reason], i) => {
      // whatever comes later is bad as well, and loses; what comes earlier is in order
      const worst = questions.slice(i).reduceRight<Partial<Decision.Failed>>((all, [bad]) => ({ ...all, ...bad }), {})
      const decision = Decision.decide(
        rules,
        { ...failed, ...worst },
        reason === "WaitExceedsDeadline" ? () => 0 : never
      )
      expect(decision).toMatchObject({ _tag: "Stop", reason })
    })
    expect(Decision.decide(rules, { ...failed, attempt: 9, elapsed: 44_999.999 }, () => 0)._tag).toBe("Retry")
  })

  it("asks nothing else where retries are switched off", () => {
    const off = inMode(rules, "inactive")
    expect(Decision.decide(off, { ...failed, verdict: false, attempt: 10 }, never)).toEqual({
      _tag: "Stop",
      reason: "Inactive"
    })
    expect(Decision.decide(off, failed, never)).toEqual({ _tag: "Stop", reason: "Inactive" })
  })

  it("stops at an attempt that is the last whatever the plan says", () => {
    expect(Decision.decide(rules, { ...failed, isLast: true }, never)).toEqual({
      _tag: "Stop",
      reason: "AttemptsExhausted"
    })
  })

  it("stops where a run inside has retried the error, and goes on where none has", () => {
    expect(Decision.decide(rules, { ...failed, alreadyRetried: true }, never)).toEqual({
      _tag: "Stop",
      reason: "AlreadyRetried"
    })
    expect(Decision.decide(rules, { ...failed, alreadyRetried: false }, () => 0)).toEqual({ _tag: "Retry", wait: 100 })
  })

  it("grants a wait that was asked for exactly, above the maximum too, and draws nothing for it", () => {
    expect(Decision.decide(rules, { ...failed, verdict: 30_000 }, never)).toEqual({ _tag: "Retry", wait: 30_000 })
    expect(Decision.decide(rules, { ...failed, verdict: 0 }, never)).toEqual({ _tag: "Retry", wait: 0 })
  })

  it("gives up where a wait that was asked for would end at or past the timeout, whatever `overshoot` says", () => {
    for (const overshoot of ["allow", "refuse"] as const) {
      const plan = { ...rules, timeout: 1000, overshoot }
      const asked = (verdict: RetryOn.Verdict, elapsed = 0) =>
        Decision.decide(plan, { attempt: 1, elapsed, verdict }, () => 0.5)
      expect(asked(1000)).toEqual({
        _tag: "Stop",
        reason: "WaitExceedsTimeout",
        refused: { wait: 1000, left: 1000 }
      })
      expect(asked(999.9)).toEqual({ _tag: "Retry", wait: 999.9 })
      expect(asked(86_400_000, 600)).toMatchObject({ refused: { wait: 86_400_000, left: 400 } })
      expect(asked(0, 999.9)).toEqual({ _tag: "Retry", wait: 0 })
    }
  })

  it("lets the waits of a backoff of its own overshoot as others do", () => {
    const verdict = { _tag: "Backoff", backoff: { initial: 5000, jitter: 0 } } as const
    const plan = { ...rules, timeout: 1000 }
    expect(Decision.decide(plan, { attempt: 1, elapsed: 0, verdict }, never)).toEqual({ _tag: "Retry", wait: 5000 })
  })

  it("in test mode replaces the attempts, or caps them, drops the timeout and never waits", () => {
    const at = (attempt: number, cap: boolean, attempts: number) =>
      Decision.decide(
        testing(rules, attempts, cap),
        { attempt, elapsed: 1e9, verdict: 500 },
        never
      )
    expect(at(1, false, 2)).toEqual({ _tag: "Retry", wait: 0 })
    expect(at(2, false, 2)).toEqual({ _tag: "Stop", reason: "AttemptsExhausted" })
    expect(at(10, false, 20)).toEqual({ _tag: "Retry", wait: 0 })
    expect(at(10, true, 20)).toEqual({ _tag: "Stop", reason: "AttemptsExhausted" })
  })

  it("counts 10 attempts as 9 retries", () => {
    const { seen } = replay(
      {
        id: "default",
        on: ["HttpError"],
        options: { attempts: 10, timeout: 45_000, waitInitial: 100, waitMax: 5000, waitJitter: 1000, waitExpBase: 2 },
        script: [{ ms: 0, tag: "HttpError" }],
        random: [0],
        mode: { kind: "normal" },
        expect: { attempts: 0, final: "", waits: [], starts: [], elapsed: 0, details: [], nextWaits: [] }
      },
      schedule
    )
    expect(seen.waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    expect(seen.attempts).toBe(10)
  })

  it("draws one number for a default wait, and none where waits have no jitter", () => {
    const drawn = (input: RetryPolicy.Input) => {
      let draws = 0
      Decision.decide(Decision.fromPolicy(RetryPolicy.make(input)), failed, () => ++draws / 10)
      return draws
    }
    expect([drawn({}), drawn({ waitJitter: 0 }), drawn({ waitJitter: 0, backoff: "full" })]).toEqual([1, 0, 1])
  })

  it("tells the backoff of the wait before", () => {
    const decorrelated = Decision.fromPolicy(RetryPolicy.make({ backoff: "decorrelated" }))
    const after = (previousWait: number | undefined) =>
      Decision.decide(decorrelated, { ...failed, attempt: 2, previousWait }, () => 0.5)
    expect(after(undefined)).toEqual({ _tag: "Retry", wait: 200 })
    expect(after(1000)).toEqual({ _tag: "Retry", wait: 1550 })
  })
})

describe("a deadline", () => {
  it("refuses a wait that would end at or past it, a default one and one that was asked for", () => {
    const at = (deadline: number, verdict: Exclude<RetryOn.Verdict, false>) =>
      Decision.decide(rules, { ...failed, elapsed: 1000, deadline, verdict }, () => 0.5)
    expect(at(1600.001, true)).toEqual({ _tag: "Retry", wait: 600 })
    expect(at(1600, true)).toEqual({
      _tag: "Stop",
      reason: "WaitExceedsDeadline",
      refused: { wait: 600, left: 600 }
    })
    expect(at(1250, true)).toMatchObject({ refused: { wait: 600, left: 250 } })
    expect(at(2000, 999)).toEqual({ _tag: "Retry", wait: 999 })
    expect(at(2000, 1000)).toMatchObject({ reason: "WaitExceedsDeadline", refused: { wait: 1000, left: 1000 } })
  })

  it("that has passed leaves no time, and not less than none", () => {
    for (const deadline of [1000, 999, 0, -5]) {
      expect(Decision.decide(rules, { ...failed, elapsed: 1000, deadline, verdict: 0 }, never)).toEqual({
        _tag: "Stop",
        reason: "WaitExceedsDeadline",
        refused: { wait: 0, left: 0 }
      })
    }
  })

  it("holds in test mode, where no wait takes any time", () => {
    const at = (elapsed: number) =>
      Decision.decide(testing(rules), { ...failed, elapsed, deadline: 50, verdict: 500 }, never)
    expect(at(49)).toEqual({ _tag: "Retry", wait: 0 })
    expect(at(50)).toMatchObject({ reason: "WaitExceedsDeadline", refused: { wait: 0, left: 0 } })
  })
})

describe("a timeout that may not be overshot", () => {
  const refusing = Decision.fromPolicy(RetryPolicy.make({ overshoot: "refuse", timeout: 1000 }))

  it("refuses a wait that would end at or past it, also one that was asked for", () => {
    const at = (elapsed: number, verdict: Exclude<RetryOn.Verdict, false> = true) =>
      Decision.decide(refusing, { ...failed, elapsed, verdict }, () => 0.5)
    expect(at(399.999)).toEqual({ _tag: "Retry", wait: 600 })
    expect(at(400)).toEqual({ _tag: "Stop", reason: "WaitExceedsTimeout", refused: { wait: 600, left: 600 } })
    expect(at(0, 999)).toEqual({ _tag: "Retry", wait: 999 })
    expect(at(0, 1000)).toMatchObject({ reason: "WaitExceedsTimeout", refused: { wait: 1000, left: 1000 } })
    expect(at(1000)).toEqual({ _tag: "Stop", reason: "TimeoutReached" })
  })

  it("may be overshot by default", () => {
    const allowing = { ...refusing, overshoot: "allow" } as const
    expect(Decision.decide(allowing, { ...failed, elapsed: 999 }, () => 0)._tag).toBe("Retry")
  })

  it("counts beside the deadline: the earlier of the two", () => {
    const left = (deadline: number) => {
      const decision = Decision.decide(refusing, { ...failed, elapsed: 900, deadline, verdict: 500 }, never)
      return decision._tag === "Stop" ? decision.refused?.left : undefined
    }
    expect([left(950), left(5000)]).toEqual([50, 100])
  })

  it("does not count in test mode", () => {
    expect(Decision.decide(testing(refusing), { ...failed, elapsed: 1e9 }, never)).toEqual({ _tag: "Retry", wait: 0 })
  })
})

describe("a hint", () => {
  const hint = (wait: number, max = 60_000): RetryOn.Verdict => ({ _tag: "Hint", wait, max })
  const decide = (input: RetryPolicy.Input, verdict: RetryOn.Verdict, u = 0.5, what: Partial<Decision.Failed> = {}) =>
    Decision.decide(Decision.fromPolicy(RetryPolicy.make(input)), { ...failed, verdict, ...what }, () => u)

  it("is the least that is waited, with jitter on top", () => {
    expect(decide({}, hint(7000), 0)).toEqual({ _tag: "Retry", wait: 7000 })
    expect(decide({}, hint(7000), 0.5)).toEqual({ _tag: "Retry", wait: 7500 })
    expect(decide({ waitJitter: 0 }, hint(7000))).toEqual({ _tag: "Retry", wait: 7000 })
  })

  it("gives way to a default wait that is longer", () => {
    expect(decide({}, hint(300), 0.5, { attempt: 5 })).toEqual({ _tag: "Retry", wait: 2100 })
  })

  it("is not capped by waitMax, and may come with jitter beyond its own limit", () => {
    expect(decide({ waitMax: 1000 }, hint(7000), 0)).toEqual({ _tag: "Retry", wait: 7000 })
    expect(decide({}, hint(7000, 7000), 0.5)).toEqual({ _tag: "Retry", wait: 7500 })
  })

  it("has a percentage of itself on top, where jitter is one", () => {
    expect(decide({ waitJitter: "20%" }, hint(7000, 7000), 0)).toEqual({ _tag: "Retry", wait: 7000 })
    expect(decide({ waitJitter: "20%" }, hint(7000, 7000), 0.5)).toEqual({ _tag: "Retry", wait: 7700 })
    expect(decide({ waitJitter: "20%" }, true, 0.5, { notBefore: 10_000 })).toEqual({ _tag: "Retry", wait: 11_000 })
  })

  it("draws one number, and none where waits have no jitter", () => {
    const drawn = (input: RetryPolicy.Input) => {
      let draws = 0
      const plan = Decision.fromPolicy(RetryPolicy.make(input))
      Decision.decide(plan, { ...failed, verdict: { _tag: "Hint", wait: 50, max: 60_000 } }, () => ++draws / 10)
      return draws
    }
    expect([drawn({}), drawn({ backoff: "full" }), drawn({ backoff: "full", waitJitter: 0 }), drawn({ waitJitter: 0 })])
      .toEqual([1, 1, 1, 0])
    expect([drawn({ waitJitter: "1%" }), drawn({ waitJitter: "0%" })]).toEqual([1, 0])
  })

  it.prop("is never undercut, in any shape", [
    RetryPolicy.Schema,
    numberBelow1,
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60_000 }))
  ], ([policy, u, wait]) => {
    const plan = { ...Decision.fromPolicy(policy), attempts: Infinity, timeout: Infinity }
    const { backoff } = plan
    const decision = Decision.decide(
      plan,
      { ...failed, attempt: 3, verdict: { _tag: "Hint", wait, max: 60_000 } },
      () => u
    )
    const waited = decision._tag === "Retry" ? decision.wait : NaN
    expect(waited).toBeGreaterThanOrEqual(wait)
    expect(waited).toBeLessThanOrEqual(Math.max(backoff.max, wait + backoff.jitter + (backoff.spread ?? 0) * wait))
  })

  it("that is too long ends the run, with what was asked for and what is granted, and nothing is drawn", () => {
    const failing = { ...failed, verdict: hint(60_001) }
    expect(Decision.decide(rules, failing, never)).toEqual({
      _tag: "Stop",
      reason: "HintTooLong",
      refused: { wait: 60_001, left: 60_000 }
    })
    expect(decide({}, hint(60_000), 0, {})).toMatchObject({ reason: "WaitExceedsTimeout" })
    expect(decide({ timeout: "2 minutes" }, hint(60_000), 0)).toEqual({ _tag: "Retry", wait: 60_000 })
  })

  it("is refused where its end does not fit the timeout, overshoot or not, nor the deadline", () => {
    for (const overshoot of ["allow", "refuse"] as const) {
      expect(decide({ timeout: 7500, overshoot }, hint(7000), 0.5)).toEqual({
        _tag: "Stop",
        reason: "WaitExceedsTimeout",
        refused: { wait: 7500, left: 7500 }
      })
      expect(decide({ timeout: 7501, overshoot }, hint(7000), 0.5)).toEqual({ _tag: "Retry", wait: 7500 })
      expect(decide({ overshoot }, hint(7000), 0.5, { deadline: 7500 })).toMatchObject({
        reason: "WaitExceedsDeadline"
      })
    }
  })

  it("asks for nothing in test mode, however long it is", () => {
    expect(Decision.decide(testing(rules), { ...failed, verdict: hint(1e9) }, never)).toEqual({
      _tag: "Retry",
      wait: 0
    })
  })
})

describe("a backoff of its own, and waitMax", () => {
  const wait = (plan: Decision.Plan, backoff: RetryOn.OwnBackoff["backoff"], attempt = 1) =>
    Decision.decide(plan, { ...failed, attempt, verdict: { _tag: "Backoff", backoff } }, () => 0)
  const said = Decision.fromPolicy(RetryPolicy.make({ waitJitter: 0 }))
  const unsaid = { ...said, hasOwnWaitMax: false }

  it("is capped by that of the run where it was said, and only there", () => {
    expect(wait(said, { initial: 10_000 })).toEqual({ _tag: "Retry", wait: 5000 })
    expect(wait(unsaid, { initial: 10_000 })).toEqual({ _tag: "Retry", wait: 10_000 })
    expect(wait(said, { shape: [60_000] })).toEqual({ _tag: "Retry", wait: 5000 })
    expect(wait(unsaid, { shape: [1000, 60_000] }, 2)).toEqual({ _tag: "Retry", wait: 60_000 })
  })

  it("is capped by its own", () => {
    expect(wait(unsaid, { initial: 10_000, max: 7000 })).toEqual({ _tag: "Retry", wait: 7000 })
    expect(wait(said, { initial: 10_000, max: 7000 })).toEqual({ _tag: "Retry", wait: 7000 })
  })

  it("grows to the run's where it begins below", () => {
    expect(wait(unsaid, { initial: 4000 }, 3)).toEqual({ _tag: "Retry", wait: 5000 })
  })

  it("has the jitter that was said for it, a time in place of a percentage and the other way round", () => {
    const at = (run: RetryPolicy.Input, own: RetryOn.OwnBackoff["backoff"]) =>
      Decision.decide(
        Decision.fromPolicy(RetryPolicy.make(run)),
        { ...failed, verdict: { _tag: "Backoff", backoff: { initial: 1000, ...own } } },
        () => 0.75
      )
    expect(at({ waitJitter: "20%" }, {})).toEqual({ _tag: "Retry", wait: 1100 })
    expect(at({ waitJitter: "20%" }, { jitter: 100 })).toEqual({ _tag: "Retry", wait: 1075 })
    expect(at({ waitJitter: 100 }, { jitter: 0, spread: 0.2 })).toEqual({ _tag: "Retry", wait: 1100 })
  })
})

describe("a backoff of its own", () => {
  const own: RetryOn.Verdict = {
    _tag: "Backoff",
    backoff: Backoff.fromPolicy(RetryPolicy.make({ waitInitial: "2 seconds", waitMax: "1 minute", backoff: "full" }))
  }

  it("is used in place of the policy's, at the retry's own number, with one number drawn", () => {
    let draws = 0
    const at = (attempt: number) =>
      Decision.decide(rules, { ...failed, attempt, verdict: own }, () => {
        draws++
        return 0.5
      })
    expect(at(1)).toEqual({ _tag: "Retry", wait: 1000 })
    expect(at(3)).toEqual({ _tag: "Retry", wait: 4000 })
    expect(draws).toBe(2)
  })

  it("knows the wait before, and no wait in test mode", () => {
    const backoff = Backoff.fromPolicy(RetryPolicy.make({ backoff: "decorrelated" }))
    const verdict: RetryOn.Verdict = { _tag: "Backoff", backoff }
    expect(Decision.decide(rules, { ...failed, attempt: 2, verdict, previousWait: 1000 }, () => 0.5))
      .toEqual({ _tag: "Retry", wait: 1550 })
    expect(Decision.decide(testing(rules), { ...failed, verdict }, never)).toEqual({ _tag: "Retry", wait: 0 })
  })
})

describe("the switches, applied to a plan", () => {
  const plan = Decision.fromPolicy(RetryPolicy.make({ attempts: 3, timeout: 1000, waitJitter: 0 }))

  it.each<readonly [Mode, attempt: number, elapsed: number, string]>([
    [undefined, 2, 999, "Retry"],
    [undefined, 3, 0, "AttemptsExhausted"],
    [undefined, 1, 1000, "TimeoutReached"],
    ["inactive", 1, 0, "Inactive"],
    [{ attempts: 5, cap: false }, 4, 5000, "Retry"],
    [{ attempts: 5, cap: false }, 5, 0, "AttemptsExhausted"],
    [{ attempts: 5, cap: true }, 3, 0, "AttemptsExhausted"],
    [{ attempts: 2, cap: true }, 2, 0, "AttemptsExhausted"]
  ])("in mode %j after attempt %d, at %d ms, come to %s", (mode, attempt, elapsed, expected) => {
    const decision = Decision.decide(inMode(plan, mode), { ...failed, attempt, elapsed }, never)
    expect(decision._tag === "Stop" ? decision.reason : decision._tag).toBe(expected)
  })
})

it("a decision to stop has no field that says nothing", () => {
  expect(Decision.decide(rules, { ...failed, verdict: false }, never)).toStrictEqual({
    _tag: "Stop",
    reason: "NotRetryable"
  })
})

describe("a wait that others were asked for", () => {
  const decide = (options: RetryPolicy.Input, notBefore: number, u: number, more: Partial<Decision.Failed> = {}) => {
    let draws = 0
    const decision = Decision.decide(
      Decision.fromPolicy(RetryPolicy.make(options)),
      { ...failed, notBefore, ...more },
      () => {
        draws++
        return u
      }
    )
    expect(draws).toBeLessThanOrEqual(1)
    return decision
  }

  it("is a minimum, with jitter on top, from the one number that is drawn", () => {
    expect(decide({}, 7000, 0.5)).toEqual({ _tag: "Retry", wait: 7500 })
    expect(decide({ waitJitter: 0 }, 7000, 0.5)).toEqual({ _tag: "Retry", wait: 7000 })
    expect(decide({}, 50, 0.5)).toEqual({ _tag: "Retry", wait: 600 })
    expect(decide({}, 0, 0.5)).toEqual(decide({}, -1, 0.5))
  })

  it("counts beside the error's own hint and beside a wait of the hook's: the longest of them holds", () => {
    const hint: RetryOn.Verdict = { _tag: "Hint", wait: 9000, max: 60_000 }
    expect(decide({}, 7000, 0.5, { verdict: hint })).toEqual({ _tag: "Retry", wait: 9500 })
    expect(decide({}, 9500, 0.5, { verdict: hint })).toEqual({ _tag: "Retry", wait: 10_000 })
    expect(decide({}, 7000, 0, { verdict: 10 })).toEqual({ _tag: "Retry", wait: 7000 })
  })

  it("stops a run whose limits leave no room for it, whatever it may overshoot", () => {
    const overshoot = "allow"
    expect(decide({ timeout: 7500, overshoot }, 7000, 0.5)).toEqual({
      _tag: "Stop",
      reason: "WaitExceedsTimeout",
      refused: { wait: 7500, left: 7500 }
    })
    expect(decide({ timeout: 7501, overshoot }, 7000, 0.5)).toEqual({ _tag: "Retry", wait: 7500 })
    expect(decide({}, 7000, 0, { deadline: 7000 })).toMatchObject({ reason: "WaitExceedsDeadline" })
  })

  it("is nothing in test mode", () => {
    expect(Decision.decide(testing(rules), { ...failed, notBefore: 7000 }, never)).toEqual({ _tag: "Retry", wait: 0 })
  })
})
