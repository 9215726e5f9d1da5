/**
 * Programs one step at a time: something can be done before any step of a program, and the program is the same each time.
 *
 * Time passes only when no fiber can go on, and then to the next sleeper.
 */
import { Clock, Context, Duration, Effect, type Exit, type Fiber, Random, Scheduler } from "effect"

/** What is done to a program, before its step number `step`. */
export type Blow =
  | { readonly what: "nothing" }
  /** The fiber of the program is interrupted. */
  | { readonly what: "interrupt"; readonly step: number }
  /** The sleeper of this length of time wakes: the deadline passes, and to everything else no time does. */
  | { readonly what: "wake"; readonly step: number; readonly millis: number }
  /** The same, and the program is interrupted `later` steps after that. */
  | { readonly what: "wake, then interrupt"; readonly step: number; readonly millis: number; readonly later: number }
  /** Time leaps to just when that sleeper wakes, as where a machine was asleep. */
  | { readonly what: "leap"; readonly step: number; readonly millis: number }

/**
 * How fibers share the time.
 *
 * - `turns`: one operation each, so that they meet in every way. What wakes a fiber goes on with it for some operations,
 *   which no other comes between.
 * - `runs`: each goes on until it has to wait, but for a break before the one operation where the blow comes.
 */
export type Pace = "turns" | "runs"

/** How a program went. */
export interface Passage<A, E> {
  /** Undefined where it never ended. */
  readonly exit: Exit.Exit<A, E> | undefined
  /** How many steps it took. */
  readonly steps: number
  /** Whether the blow came before it had ended. */
  readonly struck: boolean
  /** When it ended, in milliseconds. */
  readonly endedAt: number
}

interface Sleeper {
  readonly at: number
  readonly length: number
  readonly wake: () => void
}

/** More steps than any program here takes. What takes as many, hangs. */
const enough = 20_000

/** How long what is left behind is watched, in milliseconds. */
const aftermath = 60_000

/** Runs a program to its end, which `onEnd` is told of, and then a minute longer. */
export const pass = <A, E>(
  program: Effect.Effect<A, E>,
  blow: Blow,
  pace: Pace,
  onEnd: () => void
): Passage<A, E> => {
  let steps = 0
  /** Whether the next step is the one that a blow comes before. */
  const isDue = (later: boolean): boolean =>
    blow.what !== "nothing" &&
    (later ? blow.what === "wake, then interrupt" && steps === blow.step + blow.later : steps === blow.step)
  const tasks: Array<() => void> = []
  const sleepers: Array<Sleeper> = []
  let now = 0

  const dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => void tasks.push(task),
    flush: () => undefined
  }
  /** Whether there was a break before the operation that comes next. */
  let taken = false
  const scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: ({ currentOpCount }) => {
      // the first three operations of a turn only take up what the turn before has left
      if (pace === "turns") return currentOpCount > 3
      if (taken || !(isDue(false) || isDue(true))) {
        taken = false
        steps++
        return false
      }
      taken = true
      return true
    },
    makeDispatcher: () => dispatcher
  }
  const nanos = () => BigInt(Math.round(now * 1_000_000))
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const length = Duration.toMillis(duration)
        const sleeper = { at: now + length, length, wake: () => resume(Effect.void) }
        sleepers.push(sleeper)
        return Effect.sync(() => {
          const index = sleepers.indexOf(sleeper)
          if (index >= 0) sleepers.splice(index, 1)
        })
      })
  }
  const random: Random.Random = {
    nextDoubleUnsafe: () => 0.5,
    nextIntUnsafe: () => 1
  }

  /** Wakes the next sleeper, if there is one until then. */
  const sleepOn = (until: number): boolean => {
    let next: Sleeper | undefined
    for (const sleeper of sleepers) if (next === undefined || sleeper.at < next.at) next = sleeper
    if (next === undefined || next.at > until) return false
    sleepers.splice(sleepers.indexOf(next), 1)
    now = Math.max(now, next.at)
    next.wake()
    return true
  }

  let fiber: Fiber.Fiber<A, E> | undefined
  let struck = false
  const strike = () => {
    struck = true
    if (blow.what === "nothing") return
    if (blow.what === "interrupt") return fiber?.interruptUnsafe()
    const waiting = sleepers.findIndex(({ length }) => length === blow.millis)
    const sleeper = sleepers[waiting]
    if (sleeper === undefined) return void (struck = false)
    sleepers.splice(waiting, 1)
    if (blow.what === "leap") now = Math.max(now, sleeper.at)
    sleeper.wake()
  }

  const goOn = (until: number, limit: number): void => {
    for (let turn = 0; turn < limit; turn++) {
      if (fiber?.pollUnsafe() === undefined && (pace === "turns" || taken)) {
        if (isDue(false)) strike()
        if (isDue(true)) fiber?.interruptUnsafe()
      }
      if (pace === "turns") steps++
      const task = tasks.shift()
      if (task !== undefined) task()
      else if (!sleepOn(until)) return
      if (until === Infinity && fiber?.pollUnsafe() !== undefined) return
    }
  }

  const services = Context.make(Scheduler.Scheduler, scheduler).pipe(
    Context.add(Clock.Clock, clock),
    Context.add(Random.Random, random)
  )
  fiber = Effect.runForkWith(services)(Effect.andThen(Effect.yieldNow, program))
  goOn(Infinity, enough)
  const exit = fiber.pollUnsafe()
  const passage = { exit, steps, struck, endedAt: now }
  onEnd()
  goOn(now + aftermath, 3000)
  return passage
}
