/**
 * The engine under all drivers: the only place that reads a fiber's services for a run.
 *
 * After a failed attempt it decides ({@link failed}), then a driver either gives up ({@link giveUp}) or waits
 * ({@link wait}) and makes the next attempt. The clock, random numbers, switches, deadlines and hooks all come from the
 * fiber, at that moment.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { type Admitted, type Gate, gateOf } from "../around/Admission.ts"
import * as deadlines from "../around/deadlines.ts"
import * as defaults from "../around/defaults.ts"
import { currentMode } from "../around/mode.ts"
import type { Decision, Plan } from "../run/Decision.ts"
import * as origins from "../run/origins.ts"
import * as Run from "../run/Run.ts"
import * as eventsOf from "../telemetry/eventsOf.ts"
import * as tell from "../telemetry/tell.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { errorsOf } from "../verdict/ofCause.ts"
import type { Verdict } from "../verdict/Verdict.ts"
import { alreadyRetried, judged } from "./judged.ts"
import type { Rejected, Settings } from "./settings.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** A run in a fiber: its numbers, its settings, the clock at its start, and what its hooks have heard. */
export class LiveRun extends Run.Run implements tell.Story, Admitted {
  readonly settings: Settings
  /** The clock just before the first attempt. */
  readonly start: clock.Reading
  /** How many attempts were made before this run began afresh, see `resetAfter`. */
  readonly before: number = 0
  /** From when on the current attempt does what it is there for; `undefined` where that is from its beginning. */
  healthyFrom: number | undefined = undefined
  /** Whether the finalizer that sees how the run ends is in place. */
  guarded = false
  /** The error that an attempt of this run failed with because it took too long. */
  timedOut: unknown = undefined
  holdsRetry = false
  hooks: Settings["hooks"]
  heard = 0
  end: tell.Story["end"] = undefined
  informed = 0

  constructor(settings: Settings, start: clock.Reading, since: number, began: number) {
    super(since, began)
    this.settings = settings
    this.start = start
    this.hooks = settings.hooks
  }
}

/** Begins a run. `began` is when its first attempt began, where that was before the run's own time starts. */
export const begin = (settings: Settings, start: clock.Reading, since: number, began = 0): LiveRun =>
  new LiveRun(settings, start, since, began)

/** How the run asks its door, if it has one. */
export const gate = ({ settings: { admission } }: LiveRun): Gate | undefined => admission && gateOf(admission)

/** The time of a run: milliseconds since just before its first attempt. */
export const timeOf = (run: LiveRun, fiber: AnyFiber): number => clock.millisSince(fiber, run.start)

/** What holds for the run. It is settled at the first failure. */
export const planOf = (run: LiveRun, fiber: AnyFiber): Plan =>
  run.plan ?? run.settings.plan(currentMode(fiber), fiber.getRef(defaults.Current))

/**
 * Decides about the cause that an attempt failed with, and goes on with `next`: either a wait follows, or the run is over
 * and `next` is given the cause that comes out. Once a run is over it stays so, whoever asks again.
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
  next: (cause: Cause.Cause<E>) => Effect.Effect<A, E2, R>
): Effect.Effect<A, E2, R> => {
  if (run.phase === "over") return next(cause)
  if (isHealthy(run, fiber)) {
    const told = renewed(run, fiber)
    if (told !== undefined) return Effect.andThen(told, () => failed(run, fiber, cause, next))
  }
  gate(run)?.retryEnded(run, fiber)
  if (run.attempt > 1 && Cause.hasInterrupts(cause) && endedByDeadline(run, fiber)) {
    return next(origins.annotated(cause, run))
  }
  attemptEnded(run, fiber)
  const { cause: seen, verdict } = judged(run, run.settings, cause, run.timedOut, fiber)
  const errors = errorsOf(seen)
  const inner = origins.inside(seen.reasons, run.since, fiber)
  return settle(run, fiber, { verdict, error: errors[0], inner }, () => {
    if (!Run.isOver(run)) return next(seen)
    for (const error of errors) origins.remember(error, run, fiber)
    return next(Run.hasGivenUp(run) ? origins.annotated(seen, run) : seen)
  })
}

/** Decides about a success that is to be retried like a failure, and goes on with `next`. */
export const rejected = <A, E, R>(
  run: LiveRun,
  fiber: AnyFiber,
  value: unknown,
  { error, verdict }: Rejected,
  next: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  gate(run)?.retryEnded(run, fiber)
  attemptEnded(run, fiber)
  return settle(run, fiber, { verdict, error, inner: undefined }, () => {
    if (Run.isOver(run)) {
      origins.remember(error, run, fiber)
      origins.remember(value, run, fiber)
    }
    return next()
  })
}

/** Whether the attempt that has just failed was healthy for so long that its failure is a new one. */
const isHealthy = (run: LiveRun, fiber: AnyFiber): boolean => {
  const { resetAfter } = run.settings
  return resetAfter < Infinity && run.phase === "attempting" &&
    run.before + run.attempt < attemptsInAll(run, planOf(run, fiber)) &&
    timeOf(run, fiber) - (run.healthyFrom ?? run.began) >= resetAfter
}

/** How many attempts there may be over all fresh starts. */
const attemptsInAll = ({ settings: { attemptsInAll, resetAfter } }: LiveRun, { attempts }: Plan): number =>
  attemptsInAll ?? (resetAfter < Infinity ? Math.max(1000, attempts) : Infinity)

/** Begins the run afresh with the attempt that has just failed. The old one has recovered, if it ever needed a retry. */
const renewed = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> | undefined => {
  const failedAt = clock.read(fiber)
  const took = timeOf(run, fiber) - run.began
  const before = run.before + run.attempt - 1
  const { guarded } = run
  const told = run.attempt > 1 ? recovered(run, fiber) : undefined
  const renew = (start: clock.Reading) => {
    // what the new run begins with has failed already, and is debited at once
    run.settings.admission?.called(fiber)
    // the attempt began before the new run's time does
    Object.assign(run, begin(run.settings, start, Run.ordinal(), -took), { before, guarded, healthyFrom: Infinity })
  }
  if (told !== undefined) return Effect.andThen(told, Effect.sync(() => renew(clock.read(fiber))))
  renew(failedAt)
  return undefined
}

function attemptEnded(run: LiveRun, fiber: AnyFiber): asserts run is LiveRun & Run.Planned {
  Run.closed(run, timeOf(run, fiber), planOf(run, fiber))
}

interface Outcome {
  readonly verdict: Verdict
  readonly error: unknown
  readonly inner: Run.Run | undefined
}

const settle = <A, E, R>(
  run: LiveRun & Run.Planned,
  fiber: AnyFiber,
  { error, inner, verdict }: Outcome,
  next: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
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
  const conclude = (decision: Decision) => {
    Run.obeyed(run, failure, decision)
    return next()
  }
  const { admission } = run.settings
  if (admission === undefined) return conclude(Run.decide(run, failure, random))
  const decision = gateOf(admission).admit(admission, run, fiber, failure, random)
  return Effect.isEffect(decision) ? Effect.flatMap(decision, conclude) : conclude(decision)
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
  Run.over(run, timeOf(run, fiber))
  return tell.ended(run, fiber, () => eventsOf.recovered(run, callable(run, fiber)))
}

/**
 * For the one finalizer of a run: where no end was reported yet, the run was interrupted, from outside or by a deadline.
 * Hooks that an interruption kept from hearing of an end hear of it now.
 */
export const finished = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> | undefined => {
  gate(run)?.retryEnded(run, fiber)
  if (run.end === undefined && !Run.isOver(run) && !endedByDeadline(run, fiber)) Run.over(run, timeOf(run, fiber))
  return tell.ended(run, fiber, () =>
    Run.hasGivenUp(run) && run.reason === "DeadlineExceeded"
      ? eventsOf.gaveUp(run, callable(run, fiber))
      : eventsOf.interrupted(run, callable(run, fiber)))
}

/** Ends a run that has retried, if a deadline is what interrupts it. */
const endedByDeadline = (run: LiveRun, fiber: AnyFiber): boolean => {
  const failure = Run.lastFailure(run)
  if (failure === undefined || !deadlines.isInterrupting(fiber, run, failure.error)) return false
  Run.over(run, timeOf(run, fiber), "DeadlineExceeded")
  return true
}

/** Tells of the retry, waits as decided, and releases what hooks acquired. */
export const wait = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> => {
  const told = tellScheduled(run, fiber)
  if (told === undefined) return sleep(run, fiber)
  const scope = Scope.makeUnsafe()
  return Effect.onExitPrimitive(
    Effect.andThen(Scope.provide(told, scope), () => sleep(run, fiber)),
    (exit) => tell.close(scope, exit)
  )
}

/** Builds the sleep lazily: some clocks start counting when `sleep` is called. */
const sleep = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> => {
  const { cleanUp } = run.settings
  const sleep = () => clock.sleep(fiber, run.wait)
  const wait = cleanUp === undefined ? sleep() : Effect.andThen(cleanUp(Run.lastFailure(run)?.error), sleep)
  return inSpan(run, wait, "stamina.wait", { "stamina.wait_for": run.wait / 1000 })
}

/**
 * For a schedule, whose wait is Effect's: tells of the retry, and leaves a fiber behind that releases what hooks acquired
 * when the wait is over. It is a child of the fiber that retries, and ends with it.
 */
export const announce = (run: LiveRun, fiber: AnyFiber): Effect.Effect<void> => {
  const told = tellScheduled(run, fiber)
  if (told === undefined) return Effect.void
  return Effect.uninterruptibleMask((restore) => {
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
          : Effect.forkChild(Effect.onExit(Effect.interruptible(clock.sleep(fiber, run.wait)), () => release), {
            startImmediately: true,
            uninterruptible: true
          })
    )
  })
}

const tellScheduled = (run: LiveRun, fiber: AnyFiber) =>
  tell.scheduled(run, fiber, () => eventsOf.retryScheduled(run, callable(run, fiber)))

const callable = (run: LiveRun, fiber: AnyFiber): string => eventsOf.callableOf(run.settings.name, fiber)

/** Puts a part of a run in a span of its own, if the option `spans` asks for that. */
export const inSpan = <A, E, R>(
  run: LiveRun,
  self: Effect.Effect<A, E, R>,
  name: string,
  attributes: Readonly<Record<string, number>>
): Effect.Effect<A, E, R> => run.settings.spans ? Effect.withSpan(self, name, { attributes }) : self
