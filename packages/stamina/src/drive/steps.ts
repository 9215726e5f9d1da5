/**
 * The steps of a run: what a driver calls when an attempt has failed or succeeded, and between two attempts.
 *
 * The clock is that of the fiber that began the run. Random numbers, switches, deadlines and hooks come from the fiber that
 * drives it, at that moment. A step that has nothing to wait for returns `undefined` in place of an effect.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as deadlines from "../ambient/deadlines.ts"
import * as defaults from "../ambient/defaults.ts"
import { currentMode } from "../ambient/mode.ts"
import type { Plan } from "../run/Decision.ts"
import * as origins from "../run/origins.ts"
import * as Run from "../run/run.ts"
import * as eventsOf from "../telemetry/eventsOf.ts"
import * as notify from "../telemetry/notify.ts"
import * as notRetried from "../telemetry/notRetried.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { hintOf } from "../verdict/model.ts"
import type { Verdict } from "../verdict/model.ts"
import { errorsOf, firstErrorOf } from "../verdict/ofCause.ts"
import { alreadyRetried, judgeFailure } from "./judge.ts"
import { begin, type FailedRun, type LiveRun } from "./liveRun.ts"
import type { Settings } from "./settings.ts"

/** What holds for the run. It is settled at the first failure. */
export const planOf = (run: LiveRun): Plan =>
  run.plan ?? run.settings.plan(currentMode(run.fiber), run.fiber.getRef(defaults.Current))

// ---------------------------------------------------------------------------------------------------------------------
// deciding
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Decides about the cause that an attempt failed with, and returns what comes out if the run ends here. Once a run is over
 * it stays so.
 *
 * The clock is read first: time spent in `on` counts towards the next attempt, not this one. `on` is not called if retries
 * are switched off.
 */
export const decideFailure = <E>(run: LiveRun, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (run.phase === "over") return cause
  if (run.attempt > 1 && Cause.hasInterrupts(cause) && endByDeadline(run)) return origins.annotated(cause, run)
  closeAttempt(run)
  const { cause: seen, verdict } = judgeFailure(run, run.settings, cause, run.ownError, run.fiber)
  const inner = origins.inside(cause.reasons, run.endedBefore, run.fiber)
  const answers = !Cause.hasInterrupts(cause) && !Cause.hasDies(cause)
  decide(run, { verdict, error: firstErrorOf(cause), inner, answers })
  keepLast(run, Exit.failCause(seen))
  return noteOrigin(run, seen)
}

/** A success that is retried like a failure. */
export interface Rejected {
  readonly verdict: Exclude<Verdict, false>
  /** The error that hooks and reports see. */
  readonly error: unknown
}

/** Decides about such a success. */
export const decideRejected = (run: LiveRun, value: unknown, { error, verdict }: Rejected): void => {
  closeAttempt(run)
  decide(run, { verdict, error, inner: undefined, answers: true })
  keepLast(run, Exit.succeed(value))
  rememberRejected(run, value, error)
}

function closeAttempt(run: LiveRun): asserts run is FailedRun {
  const at = run.time()
  const plan = planOf(run)
  Run.closeAttempt(run, at, plan)
  notRetried.limitsConflict(plan, run.settings, run.fiber)
}

interface Outcome extends Pick<Run.Failure, "error" | "verdict"> {
  readonly inner: Run.Run | undefined
  /** Whether the dependency has answered, with whatever error. */
  readonly answers: boolean
}

const decide = (run: FailedRun, { answers, error, inner, verdict }: Outcome): void => {
  const { fiber, settings } = run
  const visit = visitOf(run)
  const failure: Run.Failure = {
    verdict,
    error,
    inner,
    isLast: run.attemptsBefore + run.attempt >= attemptsInAll(run.settings, run.plan),
    deadline: run.deadline(),
    alreadyRetried: alreadyRetried(settings, inner, fiber),
    notBefore: visit?.failed(run, verdict === false ? settings.unsent?.() ?? false : verdict, answers)
  }
  Run.apply(run, failure, Run.decide(run, failure, () => draw(fiber)))
}

/** The run at its door, from its first failure on. */
const visitOf = (run: LiveRun): LiveRun["visit"] =>
  run.visit ??= run.settings.door?.visit(run.credit, run.settings.about)

/** Keeps what comes out if the door refuses the retry. */
const keepLast = ({ visit }: LiveRun, exit: Exit.Exit<unknown, unknown>): void => {
  if (visit !== undefined) visit.last = exit
}

/** What comes out of a run that its door has ended. */
export const lastExit = <A, E>(run: LiveRun): Exit.Exit<A, E> => {
  const exit = run.visit?.last as Exit.Exit<A, E> // kept by this file, from an attempt of the same run
  if (exit._tag === "Failure") return Exit.failCause(noteOrigin(run, exit.cause))
  rememberRejected(run, exit.value, run.error)
  return exit
}

/** The same for a driver that retries no success. */
export const lastCause = (run: LiveRun): Cause.Cause<unknown> => {
  const exit = lastExit(run)
  return exit._tag === "Failure" ? exit.cause : Cause.empty
}

/** What comes out: if the run is over, its errors and its cause lead to it. */
const noteOrigin = <E>(run: LiveRun, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (!Run.isOver(run)) return cause
  notRetried.firstFailure(run, run.settings, cause, run.fiber)
  const errors = errorsOf(cause)
  for (const error of errors) origins.remember(error, run, run.fiber)
  // a mistake in `on` comes out in its place
  if (!errors.includes(run.error)) origins.remember(run.error, run, run.fiber)
  return Run.hasGivenUp(run) ? origins.annotated(cause, run) : cause
}

const rememberRejected = (run: LiveRun, value: unknown, error: unknown): void => {
  if (!Run.isOver(run)) return
  notRetried.firstFailure(run, run.settings, undefined, run.fiber)
  origins.remember(error, run, run.fiber)
  origins.remember(value, run, run.fiber)
}

// ---------------------------------------------------------------------------------------------------------------------
// starting afresh
// ---------------------------------------------------------------------------------------------------------------------

/**
 * If the attempt that has just failed lasted at least `resetAfter`, starts the run afresh with it. Returns the notification
 * of hooks, if that takes time: the old run has recovered.
 */
export const restartIfHealthy = (run: LiveRun): Effect.Effect<void> | undefined => {
  if (!isHealthy(run)) return undefined
  const took = run.time() - run.began
  const notified = run.attempt > 1 ? recover(run) : undefined
  // its first attempt has failed already, and the door is notified of that at once
  const restart = () => run.restart(begin(run.settings, run.fiber, false), took)
  if (notified !== undefined) return Effect.andThen(notified, Effect.sync(restart))
  restart()
  return undefined
}

const isHealthy = (run: LiveRun): boolean => {
  const { resetAfter } = run.settings
  return resetAfter < Infinity && run.phase === "attempting" &&
    run.attemptsBefore + run.attempt < attemptsInAll(run.settings, planOf(run)) &&
    run.time() - (run.healthyFrom ?? run.began) >= resetAfter
}

/** How many attempts there may be over all fresh starts. */
const attemptsInAll = ({ attemptsInAll, resetAfter }: Settings, { attempts }: Plan): number =>
  attemptsInAll ?? (resetAfter < Infinity ? Math.max(1000, attempts) : Infinity)

/** How many attempts may follow attempt `attempt`, which `before` others precede from before a fresh start. */
export const attemptsLeft = (
  { attempt, attemptsBefore, settings }: Pick<LiveRun, "attempt" | "attemptsBefore" | "settings">,
  plan: Plan
): number =>
  plan.active
    ? Math.max(0, Math.min(plan.attempts - attempt, attemptsInAll(settings, plan) - attemptsBefore - attempt))
    : 0

// ---------------------------------------------------------------------------------------------------------------------
// between two attempts
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Notifies the hooks of the retry, waits as decided, and asks the door. Afterwards the retry may begin, or the run is over.
 * What hooks acquired is released then.
 */
export const wait = (
  run: LiveRun,
  beforeWait?: () => Effect.Effect<void> | undefined
): Effect.Effect<void> => {
  const notified = notifyScheduled(run)
  if (notified === undefined) return sleepAndAsk(run, beforeWait?.())
  const scope = Scope.makeUnsafe()
  return closing(scope, Effect.andThen(Scope.provide(notified, scope), () => sleepAndAsk(run, beforeWait?.())))
}

/** Releases what hooks acquired when the effect ends, or only if it ends so. */
export const closing = <A>(
  scope: Scope.Closeable,
  effect: Effect.Effect<A>,
  when: (exit: Exit.Exit<A>) => boolean = () => true
): Effect.Effect<A> => Effect.onExitPrimitive(effect, (exit) => when(exit) ? notify.close(scope, exit) : undefined)

/** Waits as decided, and asks the door. */
export const sleepAndAsk = (run: LiveRun, before: Effect.Effect<void> | undefined): Effect.Effect<void> => {
  const slept = before === undefined ? sleep(run) : Effect.andThen(before, () => sleep(run))
  return run.visit === undefined ? slept : Effect.flatMap(slept, () => askDoor(run) ?? Effect.void)
}

/** Asks the door, if there is one. When that is done, the retry may begin, or the run is over. */
export const askDoor = (run: LiveRun): Effect.Effect<void> | undefined => run.visit?.ask(run, notifyDeferred)

const notifyDeferred = (run: LiveRun): Effect.Effect<void> | undefined =>
  notify.deferred(run, run.fiber, () => eventsOf.retryDeferred(run, callableOf(run)))

/** Waits for what is left of a wait that was interrupted, and asks the door. */
export const resumeWait = (run: LiveRun): Effect.Effect<void> =>
  Effect.flatMap(clock.sleep(run.clock, Math.max(0, run.began - run.time())), () => askDoor(run) ?? Effect.void)

/** The wait itself. It is built when it begins: some clocks start counting when `sleep` is called. */
const sleep = (run: LiveRun): Effect.Effect<void> => {
  const slept = clock.sleep(run.clock, run.wait)
  return run.settings.spans
    ? Effect.withSpan(slept, "stamina.wait", { attributes: { "stamina.wait_for": run.wait / 1000 } })
    : slept
}

/** Begins the next attempt. */
export const beginAttempt = (run: LiveRun): void => {
  run.visit?.began(run)
  notifyBegan(run)
  Run.beginAttempt(run, run.time())
  run.healthyFrom = undefined
  run.ownError = undefined
}

/** Counts the retry. A schedule does so when it is decided, since it does not see it begin. */
export const notifyBegan = (run: LiveRun): void => notify.began(run, run.fiber, () => scheduledOf(run))

export const notifyScheduled = (run: LiveRun): Effect.Effect<void, never, Scope.Scope> | undefined =>
  notify.scheduled(run, run.fiber, () => scheduledOf(run))

const scheduledOf = (run: LiveRun) => eventsOf.retryScheduled(run, callableOf(run), attemptsLeft(run, planOf(run)))

// ---------------------------------------------------------------------------------------------------------------------
// ending
// ---------------------------------------------------------------------------------------------------------------------

/** Notifies the hooks that the run gave up, and ends with what comes out. */
export const giveUp = <A, E>(run: LiveRun, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
  // an interruption is reported when it leaves the run
  if (!Run.hasGivenUp(run) || (exit._tag === "Failure" && Cause.hasInterrupts(exit.cause))) return exit
  const notifyHooks = () => notify.ended(run, run.fiber, () => eventsOf.gaveUp(run, callableOf(run)))
  const notified = notifyHooks()
  if (notified === undefined) return exit
  return Effect.onExitPrimitive(Effect.andThen(notified, exit), () => {
    // a deadline that passes while a hook takes its time knows of the run all the same
    deadlines.isInterrupting(run.fiber, run, Run.lastFailure(run)?.error)
    // an interruption keeps no hook from being notified
    return notifyHooks()
  })
}

/** Ends the run with the success of an attempt after the first. */
export const recover = (run: LiveRun): Effect.Effect<void> | undefined => {
  succeeded(run)
  Run.end(run, run.time())
  return notify.ended(run, run.fiber, () => eventsOf.recovered(run, callableOf(run)))
}

/** Notifies the door that an attempt has succeeded, or of a failure that is not retried for another reason than `on`. */
export const succeeded = (run: LiveRun): void => {
  const { attempt, credit, fiber, settings: { door, unsent } } = run
  const verdict = unsent?.()
  if (verdict !== undefined) visitOf(run)?.pass.failed({ attempt, hint: hintOf(verdict) }, fiber)
  else if (run.visit !== undefined) run.visit.pass.succeeded(fiber)
  else if (credit === undefined) door?.succeeded(fiber)
  run.credit = 0
}

/**
 * For the one finalizer of a run: if no end was reported yet, the run was interrupted, from outside or by a deadline. Hooks
 * that an interruption kept from being notified of an end are notified now.
 */
export const finish = (run: LiveRun): Effect.Effect<void> | undefined => {
  run.visit?.pass.left(run.fiber)
  if (run.ending === undefined && !Run.isOver(run) && !endByDeadline(run)) Run.end(run, run.time())
  return notify.ended(run, run.fiber, () =>
    Run.hasGivenUp(run) && run.reason === "DeadlineExceeded"
      ? eventsOf.gaveUp(run, callableOf(run))
      : eventsOf.interrupted(run, callableOf(run)))
}

/** Ends a run that has retried, if a deadline is what interrupts it. */
const endByDeadline = (run: LiveRun): boolean => {
  const failure = Run.lastFailure(run)
  if (failure === undefined || !deadlines.isInterrupting(run.fiber, run, failure.error)) return false
  const at = run.time()
  Run.end(run, at, "DeadlineExceeded", run.visit?.waitedFor(at))
  return true
}

export const callableOf = ({ fiber, settings }: LiveRun): string => eventsOf.callableOf(settings.name, fiber)
