/**
 * The engine under all drivers: the only place that reads a fiber's services for a run.
 *
 * After a failed attempt it decides ({@link failed}), then a driver either gives up ({@link giveUp}) or waits
 * ({@link wait}) and makes the next attempt. The clock is that of the fiber that began the run. Random numbers, switches,
 * deadlines and hooks come from the fiber, at that moment.
 *
 * Where a retry seldom comes by, a closure stands in a function of its own. V8 makes room for what closures capture as soon
 * as the function around them is entered: with them in place, a retry allocated a sixth more.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { type Admission, type Admitted, type Gate, gateOf } from "../around/Admission.ts"
import * as deadlines from "../around/deadlines.ts"
import * as defaults from "../around/defaults.ts"
import { currentMode } from "../around/mode.ts"
import type { Plan } from "../run/Decision.ts"
import * as origins from "../run/origins.ts"
import * as Run from "../run/Run.ts"
import * as eventsOf from "../telemetry/eventsOf.ts"
import * as tell from "../telemetry/tell.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { errorsOf, firstErrorOf } from "../verdict/ofCause.ts"
import type { Verdict } from "../verdict/Verdict.ts"
import { alreadyRetried, judged } from "./judged.ts"
import type { Settings } from "./settings.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** A run in a fiber: its numbers, its settings, the clock at its start, and what its hooks have heard. */
export class LiveRun extends Run.Run implements tell.Story, Admitted {
  readonly settings: Settings
  /** The clock of the fiber that began the run. To ask the fiber each time was a tenth of what a retry takes. */
  readonly clock: Clock.Clock
  /** What it said just before the first attempt. */
  readonly start: clock.Reading
  /** How many attempts were made before this run began afresh, see `resetAfter`. */
  readonly before: number = 0
  /** From when on the current attempt does what it is there for; `undefined` where that is from its beginning. */
  healthyFrom: number | undefined = undefined
  /** Whether the finalizer that sees how the run ends is in place. */
  isGuarded = false
  /** The error that an attempt of this run failed with because it took too long. */
  timedOut: unknown = undefined
  holdsRetry = false
  hooks: Settings["hooks"]
  heard = 0
  end: tell.Story["end"] = undefined

  /** Begins a run. `began` is when its first attempt began, where that was before the run's own time starts. */
  constructor(settings: Settings, fiber: AnyFiber, start: clock.Reading, since: number, began = 0) {
    super(since, began)
    this.settings = settings
    this.clock = clock.of(fiber)
    this.start = start
    this.hooks = settings.hooks
  }

  /** The wait itself. It is built when it begins: some clocks start counting when `sleep` is called. */
  sleep(): Effect.Effect<void> {
    return clock.sleep(this.clock, this.wait)
  }
}

/** How the run asks its door, if it has one. */
export const gate = ({ settings: { admission } }: LiveRun): Gate | undefined => admission && gateOf(admission)

/** The time of a run: milliseconds since just before its first attempt. */
export const timeOf = (run: LiveRun): number => clock.millisBetween(run.start, run.clock.monotonicTimeNanosUnsafe())

/** What holds for the run. It is settled at the first failure. */
export const planOf = (run: LiveRun, fiber: AnyFiber): Plan =>
  run.plan ?? run.settings.plan(currentMode(fiber), fiber.getRef(defaults.Current))

/** Who goes on with the cause that comes out of a decision: either a wait follows, or the run is over. */
export interface Next<E, A, E2, R> {
  readonly goOn: (cause: Cause.Cause<E>, fiber: AnyFiber) => Effect.Effect<A, E2, R>
}

/**
 * Decides about the cause that an attempt failed with, and goes on with `next`: at once, unless a door or a hook takes its
 * time. Once a run is over it stays so, whoever asks again.
 *
 * The clock is read first: time spent in `on` counts towards the next attempt, not this one. `on` is not asked where
 * retries are switched off.
 *
 * An attempt that was healthy for as long as `resetAfter` begins a new run with its failure, and the old one has
 * recovered.
 */
export const failed = <E, A, E2, R>(
  run: LiveRun,
  fiber: AnyFiber,
  cause: Cause.Cause<E>,
  next: Next<E, A, E2, R>
): Effect.Effect<A, E2, R> => {
  if (run.phase === "over") return next.goOn(cause, fiber)
  if (isHealthy(run, fiber)) {
    const told = renewed(run, fiber)
    if (told !== undefined) return failedAfter(told, run, fiber, cause, next)
  }
  gate(run)?.retryEnded(run, fiber)
  if (run.attempt > 1 && Cause.hasInterrupts(cause) && endedByDeadline(run, fiber)) {
    return next.goOn(origins.annotated(cause, run), fiber)
  }
  attemptEnded(run, fiber)
  const { cause: seen, verdict } = judged(run, run.settings, cause, run.timedOut, fiber)
  const inner = origins.inside(cause.reasons, run.since, fiber)
  const settled = settle(run, fiber, { verdict, error: firstErrorOf(cause), inner })
  return settled === undefined
    ? next.goOn(noted(run, fiber, seen), fiber)
    : goOnAfter(settled, run, fiber, seen, next)
}

const failedAfter = <E, A, E2, R>(
  told: Effect.Effect<void>,
  run: LiveRun,
  fiber: AnyFiber,
  cause: Cause.Cause<E>,
  next: Next<E, A, E2, R>
): Effect.Effect<A, E2, R> => Effect.andThen(told, () => failed(run, fiber, cause, next))

const goOnAfter = <E, A, E2, R>(
  settled: Effect.Effect<void>,
  run: LiveRun,
  fiber: AnyFiber,
  seen: Cause.Cause<E>,
  next: Next<E, A, E2, R>
): Effect.Effect<A, E2, R> => Effect.flatMap(settled, () => next.goOn(noted(run, fiber, seen), fiber))

/** What comes out: where the run is over, its errors and its cause lead to it. */
const noted = <E>(run: LiveRun, fiber: AnyFiber, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (!Run.isOver(run)) return cause
  const errors = errorsOf(cause)
  for (const error of errors) origins.remember(error, run, fiber)
  // a mistake in `on` comes out in its place
  if (!errors.includes(run.error)) origins.remember(run.error, run, fiber)
  return Run.hasGivenUp(run) ? origins.annotated(cause, run) : cause
}

/** A success that is to be retried like a failure. */
export interface Rejected {
  readonly verdict: Exclude<Verdict, false>
  /** The error that hooks and reports see. */
  readonly error: unknown
}

/** Decides about such a success. */
export const rejected = (
  run: LiveRun,
  fiber: AnyFiber,
  value: unknown,
  { error, verdict }: Rejected
): Effect.Effect<void> | undefined => {
  gate(run)?.retryEnded(run, fiber)
  attemptEnded(run, fiber)
  const settled = settle(run, fiber, { verdict, error, inner: undefined })
  const note = (): undefined => {
    if (!Run.isOver(run)) return
    origins.remember(error, run, fiber)
    origins.remember(value, run, fiber)
  }
  return settled === undefined ? note() : Effect.map(settled, note)
}

/** Whether the attempt that has just failed was healthy for so long that its failure is a new one. */
const isHealthy = (run: LiveRun, fiber: AnyFiber): boolean => {
  const { resetAfter } = run.settings
  return resetAfter < Infinity && run.phase === "attempting" &&
    run.before + run.attempt < attemptsInAll(run, planOf(run, fiber)) &&
    timeOf(run) - (run.healthyFrom ?? run.began) >= resetAfter
}

/** How many attempts there may be over all fresh starts. */
const attemptsInAll = ({ settings: { attemptsInAll, resetAfter } }: LiveRun, { attempts }: Plan): number =>
  attemptsInAll ?? (resetAfter < Infinity ? Math.max(1000, attempts) : Infinity)

/** Begins the run afresh with the attempt that has just failed. The old one has recovered, if it ever needed a retry. */
const renewed = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> | undefined => {
  const failedAt = run.clock.monotonicTimeNanosUnsafe()
  const took = timeOf(run) - run.began
  const before = run.before + run.attempt - 1
  const { isGuarded } = run
  const told = run.attempt > 1 ? recovered(run, fiber) : undefined
  const renew = (start: clock.Reading) => {
    // what the new run begins with has failed already, and is debited at once
    run.settings.admission?.called(fiber)
    // the attempt began before the new run's time does
    const fresh = new LiveRun(run.settings, fiber, start, Run.ordinal(), -took)
    Object.assign(run, fresh, { before, isGuarded, healthyFrom: Infinity })
  }
  if (told !== undefined) return Effect.andThen(told, Effect.sync(() => renew(run.clock.monotonicTimeNanosUnsafe())))
  renew(failedAt)
  return undefined
}

function attemptEnded(run: LiveRun, fiber: AnyFiber): asserts run is LiveRun & Run.Planned {
  Run.closed(run, timeOf(run), planOf(run, fiber))
}

type Outcome = Pick<Run.Failure, "error" | "verdict"> & { readonly inner: Run.Run | undefined }

/** Decides, and does as decided: at once, unless a door takes its time. */
const settle = (
  run: LiveRun & Run.Planned,
  fiber: AnyFiber,
  { error, inner, verdict }: Outcome
): Effect.Effect<void> | undefined => {
  const { admission } = run.settings
  const deadline = deadlines.earliest(fiber)
  const failure: Run.Failure = {
    verdict,
    error,
    inner,
    isLast: run.before + run.attempt >= attemptsInAll(run, run.plan),
    deadline: deadline === undefined ? undefined : clock.millisBetween(run.start, deadline),
    alreadyRetried: alreadyRetried(run.settings, inner, fiber)
  }
  const random = () => draw(fiber)
  return admission === undefined
    ? Run.obeyed(run, failure, Run.decide(run, failure, random))
    : ask(admission, run, fiber, failure, random)
}

const ask = (
  admission: Admission,
  run: LiveRun & Run.Planned,
  fiber: AnyFiber,
  failure: Run.Failure,
  random: () => number
): Effect.Effect<void> | undefined => {
  const decision = gateOf(admission).admit(admission, run, fiber, failure, random)
  return Effect.isEffect(decision)
    ? Effect.map(decision, (decision) => Run.obeyed(run, failure, decision))
    : Run.obeyed(run, failure, decision)
}

/** Tells that the run gave up, and ends with what comes out. */
export const giveUp = <A, E>(run: LiveRun, fiber: AnyFiber, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
  // an interruption is reported where it leaves the run
  if (!Run.hasGivenUp(run) || (exit._tag === "Failure" && Cause.hasInterrupts(exit.cause))) return exit
  const tellHooks = () => tell.ended(run, fiber, () => eventsOf.gaveUp(run, callable(run, fiber)))
  const told = tellHooks()
  if (told === undefined) return exit
  return Effect.onExitPrimitive(Effect.andThen(told, exit), () => {
    // a deadline that passes while a hook takes its time tells of the run all the same
    deadlines.isInterrupting(fiber, run, Run.lastFailure(run)?.error)
    // an interruption keeps no hook from hearing of it
    return tellHooks()
  })
}

/** Tells that an attempt after the first has succeeded. */
export const recovered = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> | undefined => {
  gate(run)?.retrySucceeded(run, fiber)
  Run.over(run, timeOf(run))
  return tell.ended(run, fiber, () => eventsOf.recovered(run, callable(run, fiber)))
}

/**
 * For the one finalizer of a run: where no end was reported yet, the run was interrupted, from outside or by a deadline.
 * Hooks that an interruption kept from hearing of an end hear of it now.
 */
export const finished = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> | undefined => {
  gate(run)?.retryEnded(run, fiber)
  if (run.end === undefined && !Run.isOver(run) && !endedByDeadline(run, fiber)) Run.over(run, timeOf(run))
  return tell.ended(run, fiber, () =>
    Run.hasGivenUp(run) && run.reason === "DeadlineExceeded"
      ? eventsOf.gaveUp(run, callable(run, fiber))
      : eventsOf.interrupted(run, callable(run, fiber)))
}

/** Ends a run that has retried, if a deadline is what interrupts it. */
const endedByDeadline = (run: LiveRun, fiber: AnyFiber): boolean => {
  const failure = Run.lastFailure(run)
  if (failure === undefined || !deadlines.isInterrupting(fiber, run, failure.error)) return false
  Run.over(run, timeOf(run), "DeadlineExceeded")
  return true
}

/** Tells of the retry, waits as decided, and releases what hooks acquired. */
export const wait = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> => {
  const told = tellScheduled(run, fiber)
  return told === undefined ? sleep(run) : sleepAfter(told, run)
}

const sleepAfter = (told: Effect.Effect<void, never, Scope.Scope>, run: LiveRun): Effect.Effect<void> => {
  const scope = Scope.makeUnsafe()
  return Effect.onExitPrimitive(
    Effect.andThen(Scope.provide(told, scope), () => sleep(run)),
    (exit) => tell.close(scope, exit)
  )
}

const sleep = (run: LiveRun): Effect.Effect<void> =>
  run.settings.spans
    ? Effect.withSpan(run.sleep(), "stamina.wait", { attributes: { "stamina.wait_for": run.wait / 1000 } })
    : run.sleep()

/**
 * For a schedule, whose wait is Effect's: tells of the retry, and leaves a fiber behind that releases what hooks acquired
 * when the wait is over. It is a child of the fiber that retries, and ends with it.
 */
export const announce = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> | undefined => {
  const told = tellScheduled(run, fiber)
  return told === undefined ? undefined : announced(told, run)
}

const announced = (told: Effect.Effect<void, never, Scope.Scope>, run: LiveRun): Effect.Effect<void> =>
  Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    const release = Effect.suspend(() => tell.close(scope, Exit.void) ?? Effect.void)
    return Effect.flatMap(
      Effect.onError(restore(Scope.provide(told, scope)), () => release),
      () =>
        scope.state._tag === "Empty"
          ? Effect.void
          : run.wait === 0
          ? release
          // started at once, so that it wakes before the fiber that goes to sleep for the same time after it;
          // uninterruptible, so that an interruption finds the release in its place
          : Effect.forkChild(Effect.onExit(Effect.interruptible(clock.sleep(run.clock, run.wait)), () => release), {
            startImmediately: true,
            uninterruptible: true
          })
    )
  })

const tellScheduled = (run: LiveRun, fiber: AnyFiber) => tell.scheduled(run, fiber, seeRetry)

const seeRetry = (run: LiveRun, fiber: AnyFiber) => eventsOf.retryScheduled(run, callable(run, fiber))

const callable = (run: LiveRun, fiber: AnyFiber): string => eventsOf.callableOf(run.settings.name, fiber)
