/**
 * The budget on paper is the budget: calls beside each other, whose retries wait for tokens, begin their attempts at the same
 * times on paper and in fibers.
 */
import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Clock, Context, Effect, Exit, Logger, Metric, Schema } from "effect"
import { Decision, RetryBudget, RetryPolicy, Stamina } from "effect-stamina"
import * as PaperRun from "effect-stamina/PaperRun"
import { JumpingClock } from "effect-stamina/testing"
import { reasonOf } from "../kit/reasonOf.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const traffic = Arbitrary.schema(Schema.Struct({
  /** When each call begins, and whether it fails for ever. */
  calls: Schema.Array(Schema.Tuple([between(0, 8000), Schema.Boolean])).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(25)
  ),
  takes: between(1, 300),
  upAt: between(0, 6000),
  timeout: between(1000, 12_000),
  budget: Schema.Struct({
    capacity: Schema.Union([between(1, 5), Schema.Struct({ atLeast: between(1, 4), seconds: between(0, 10) })]),
    refill: Schema.Literals([0, 0.2, 1]),
    maxWaiting: between(1, 30)
  })
}))

interface Traffic {
  readonly calls: ReadonlyArray<readonly [number, boolean]>
  readonly takes: number
  readonly upAt: number
  readonly timeout: number
  readonly budget: RetryBudget.Options
}

/** Drawn by each retry that is woken: few alike, so that few begin at the same time. */
const chances = Array.from({ length: 101 }, (_, i) => ((i * 37) % 101) / 101)

/** Each time of its own, so that the order of events is the same for all who play them. */
const startOf = (call: readonly [number, boolean], i: number): number => call[0] + i * 0.0173

const policyOf = ({ timeout }: Traffic) => RetryPolicy.make({ attempts: 4, timeout, waitJitter: 0 })

/** What happened to which call, and when. */
type Told = Array<readonly [what: string, time: number]>

const inFibers = (played: Traffic): Effect.Effect<Told> => {
  const told: Told = []
  const budget = RetryBudget.makeUnsafe(played.budget)
  const call = ([, isBroken]: readonly [number, boolean], i: number) => {
    const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1_000_000)
    const attempt = Effect.gen(function*() {
      const begins = yield* now
      told.push([`${i} begins`, begins])
      yield* Effect.sleep(played.takes)
      return yield* isBroken || begins < played.upAt ? Effect.fail("down") : Effect.succeed("up")
    })
    const options = { ...policyOf(played), on: () => true, budget }
    return Effect.gen(function*() {
      const exit = yield* Effect.exit(Stamina.retry(attempt, options))
      told.push([`${i} ${Exit.isSuccess(exit) ? "up" : reasonOf(exit)}`, yield* now])
    })
  }
  const all = Effect.forEach(
    played.calls,
    (one, i) => Effect.delay(call(one, i), startOf(one, i)),
    { concurrency: "unbounded", discard: true }
  )
  const quiet = Context.make(Metric.MetricRegistry, new Map()).pipe(Context.add(Logger.CurrentLoggers, new Set()))
  return Effect.as(all, told).pipe(
    Effect.provideContext(quiet),
    Effect.provide([Stamina.layerHooks([]), JumpingClock.layer({ random: chances })])
  )
}

const onPaper = (played: Traffic): Told => {
  const told: Told = []
  let draws = 0
  const random = () => chances[draws++ % chances.length] ?? 0
  const budget = PaperRun.makeBudget(played.budget, random)
  const caller = PaperRun.makeCaller({ plan: Decision.fromPolicy(policyOf(played)), random, budget })
  const numbers = new Map<PaperRun.PaperRun, number>()
  const events: Array<readonly [time: number, order: number, go: () => void]> = []
  let planned = 0
  const plan = (time: number, go: () => void) => void events.push([time, planned++, go])

  const numberOf = (run: PaperRun.PaperRun) => numbers.get(run) ?? -1
  const goOn = (run: PaperRun.PaperRun, now: number) => {
    if (run.phase === "over") told.push([`${numberOf(run)} ${run.reason}`, now])
    else if (run.began < Infinity) {
      plan(run.start + run.began, () => {
        if (PaperRun.beginAttempt(run)) attempt(run)
        else goOn(run, run.start + (run.phase === "over" ? run.elapsed : run.began))
      })
    }
  }
  const attempt = (run: PaperRun.PaperRun) => {
    const begins = run.start + run.began
    told.push([`${numberOf(run)} begins`, begins])
    plan(begins + played.takes, () => {
      const now = begins + played.takes
      const isDown = played.calls[numberOf(run)]?.[1] || begins < played.upAt
      if (isDown) {
        PaperRun.fail(run, now - run.start, { verdict: true })
        goOn(run, now)
      } else {
        PaperRun.succeed(run, now - run.start)
        told.push([`${numberOf(run)} up`, now])
      }
    })
  }
  played.calls.forEach((call, i) =>
    plan(startOf(call, i), () => {
      const run = PaperRun.begin(caller, startOf(call, i))
      numbers.set(run, i)
      attempt(run)
    })
  )
  let now = 0
  for (;;) {
    for (let run = PaperRun.wake(budget, now); run !== undefined; run = PaperRun.wake(budget, now)) goOn(run, now)
    // of what comes at the same time, what was planned first comes first
    events.sort(([a, first], [b, second]) => b - a || second - first)
    const next = Math.min(events.at(-1)?.[0] ?? Infinity, PaperRun.nextAt(budget))
    if (next === Infinity) return told
    now = Math.max(now, next)
    if ((events.at(-1)?.[0] ?? Infinity) <= now) events.pop()?.[2]()
  }
}

describe("calls whose retries wait for tokens", () => {
  it.effect.prop(
    "begin and end at the same times on paper and in fibers",
    { played: traffic },
    ({ played }) =>
      Effect.map(inFibers(played), (fibers) => {
        const [paper, real] = [onPaper(played), fibers].map((told) =>
          told.toSorted(([a, at], [b, bt]) => a < b ? -1 : a > b ? 1 : at - bt)
        )
        expect(paper?.map(([what]) => what)).toEqual(real?.map(([what]) => what))
        // a clock counts nanoseconds, so two that are woken at nearly the same time may swap their draws
        paper?.forEach(([, time], i) => expect(Math.abs(time - (real?.[i]?.[1] ?? NaN))).toBeLessThan(100))
      }),
    { arbitrary: { runs: 500 }, timeout: 60_000 }
  )
})
