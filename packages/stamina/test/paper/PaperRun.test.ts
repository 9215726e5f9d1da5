import { assert, describe, it } from "@effect/vitest"
import { Decision, RetryPolicy } from "effect-stamina"
import * as PaperRun from "effect-stamina/PaperRun"

const plan = Decision.fromPolicy(RetryPolicy.make({ attempts: 3, waitJitter: 0 }))
const random = () => 0.5
const down = { verdict: true } as const

describe("PaperRun", () => {
  it("goes from attempt to wait to attempt, until its limits end it", () => {
    const run = PaperRun.begin(PaperRun.makeCaller({ plan, random }), 1000)
    assert.strictEqual(run.start, 1000)
    assert.isTrue(PaperRun.fail(run, 20, down))
    assert.deepInclude(run, { phase: "waiting", attempt: 1, began: 120, wait: 100 })
    PaperRun.beginAttempt(run)
    assert.deepInclude(run, { phase: "attempting", attempt: 2, began: 120 })
    assert.isTrue(PaperRun.fail(run, 140, down))
    PaperRun.beginAttempt(run)
    assert.isFalse(PaperRun.fail(run, 360, down))
    assert.deepInclude(run, { phase: "over", attempt: 3, elapsed: 360, reason: "AttemptsExhausted" })
    assert.strictEqual(run.waited + run.wait, 300)
  })

  it("ends with a success, without a reason, and with a deadline, by its reason", () => {
    const caller = PaperRun.makeCaller({ plan, random })
    const good = PaperRun.begin(caller, 0)
    PaperRun.succeed(good, 10)
    assert.deepInclude(good, { phase: "over", elapsed: 10, reason: undefined })
    const late = PaperRun.begin(caller, 0)
    PaperRun.interrupt(late, 50)
    assert.strictEqual(late.reason, "DeadlineExceeded")
    const short = PaperRun.begin(caller, 0)
    assert.isFalse(PaperRun.fail(short, 10, { verdict: true, deadline: 60 }))
    assert.strictEqual(short.reason, "WaitExceedsDeadline")
  })

  it("shares a budget between callers, in the time of the simulation", () => {
    const budget = PaperRun.makeBudget({ capacity: 1, refill: 0, whenEmpty: "refuse" }, random)
    const [one, other] = [0, 5].map((start) => PaperRun.begin(PaperRun.makeCaller({ plan, random, budget }), start))
    for (const run of [one, other]) assert.isTrue(PaperRun.fail(run!, 1, down))
    // the token is taken when the wait is over
    assert.isTrue(PaperRun.beginAttempt(one!))
    assert.isFalse(PaperRun.beginAttempt(other!))
    assert.deepInclude(other!, { phase: "over", reason: "BudgetExhausted", elapsed: 101 })
    // a retry that succeeds gives it back
    PaperRun.succeed(one!, 110)
    const third = PaperRun.begin(PaperRun.makeCaller({ plan, random, budget }), 200)
    assert.isTrue(PaperRun.fail(third, 1, down))
    assert.isTrue(PaperRun.beginAttempt(third))
  })

  it("hands the time of the simulation to a budget of one's own", () => {
    const seen: Array<readonly [string, number]> = []
    const note = (what: string) => (now: number) => void seen.push([what, now])
    const budget: PaperRun.Budget = {
      called: note("called"),
      failed: ({ attempt }, now) => note(`failed ${attempt}`)(now),
      ask: (_, now) => {
        note("ask")(now)
        return { _tag: "Granted" }
      },
      succeeded: note("succeeded"),
      unused: note("unused")
    }
    const run = PaperRun.begin(PaperRun.makeCaller({ plan, random, budget }), 100)
    PaperRun.fail(run, 10, down)
    PaperRun.beginAttempt(run)
    PaperRun.succeed(run, 120)
    assert.deepStrictEqual(seen, [["called", 100], ["failed 1", 110], ["ask", 210], ["succeeded", 220]])
  })

  it("refuses a budget as RetryBudget does", () => {
    assert.throws(
      () => PaperRun.makeBudget({ capacity: 0 }, random),
      RangeError,
      "PaperRun.makeBudget: capacity must be a number from 1 to 1000000000, got 0"
    )
  })
})
