/**
 * One attempt of a durable retry: an activity that records its outcome together with the decision about it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Activity from "effect/workflow/Activity"
import { type WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import { admit, type Admitted, type Door, retrySucceeded } from "../around/Admission.ts"
import * as defaults from "../around/defaults.ts"
import { currentMode } from "../around/mode.ts"
import { alreadyRetried, judged } from "../drive/judged.ts"
import type { Decision, Plan } from "../run/Decision.ts"
import * as origins from "../run/origins.ts"
import * as Run from "../run/Run.ts"
import { draw } from "../tools/chance.ts"
import { AttemptTimedOut } from "../verdict/AttemptTimedOut.ts"
import { errorsOf } from "../verdict/ofCause.ts"
import type { AnyActivity, Coding } from "./coding.ts"
import { AttemptLost } from "./DurableErrors.ts"
import { CurrentActivity } from "./idempotency.ts"
import type { DurableSettings } from "./options.ts"
import { type Begun, type Failed, Record, type Succeeded } from "./record.ts"
import { copied } from "./replay.ts"
import * as stories from "./stories.ts"
import * as tickets from "./tickets.ts"
import { now } from "./wallClock.ts"

/** What is retried, and how. */
export interface Subject {
  readonly activity: AnyActivity
  readonly coding: Coding
  readonly durable: DurableSettings
  /** The label in metrics and logs. */
  readonly name: string
}

/** Where a run stands before an attempt. */
export interface Progress {
  /** The number of the attempt. */
  readonly num: number
  /** The run so far, as it was recorded. */
  readonly run: Run.Run
  /** The attempt before, unless this is the first. */
  readonly previous: Failed | undefined
  /** The recorded beginning of the attempt, where lost attempts count. */
  readonly begun: Begun | undefined
}

/**
 * The activity of one attempt. It has a name of its own, since the cluster's engine looks up what a redelivered activity
 * does by its name, without the number of the attempt.
 */
export const record = (
  subject: Subject,
  progress: Progress
): Effect.Effect<Record, never, WorkflowEngine | WorkflowInstance> =>
  Activity.make({
    name: `${subject.activity.name}/${progress.num}`,
    success: Record,
    annotations: subject.activity.annotations,
    execute: Effect.withFiber((fiber) => made(begin(subject, progress, fiber)))
  }).pipe(
    Effect.provideService(Activity.CurrentAttempt, progress.num),
    Effect.provideService(CurrentActivity, subject.activity.name)
  )

/** What is there in the body of an activity. */
type InActivity = Scope.Scope | WorkflowEngine | WorkflowInstance

/** An attempt that is being made. */
interface Making {
  readonly subject: Subject
  readonly fiber: Fiber.Fiber<unknown, unknown>
  /** When the first attempt began, and when this one did: milliseconds since the epoch. */
  readonly startedAt: number
  readonly began: number
  /** The ordinal of runs before it. */
  readonly since: number
  /** The run in this attempt. A copy, since the one in the body follows records. */
  readonly run: Run.Run & Admitted
  /** The ticket that it has used up. */
  readonly ticket: string | undefined
  /** The error that the retry itself made of it. */
  ownError: AttemptLost | AttemptTimedOut | undefined
}

const begin = (subject: Subject, { begun, num, previous, run }: Progress, fiber: Making["fiber"]): Making => {
  const { settings } = subject.durable
  const ended = previous?.at ?? 0
  // a recorded beginning may come from a clock that is behind
  const began = begun === undefined ? now(fiber, ended) : Math.max(begun.at, ended)
  const startedAt = previous?.startedAt ?? began
  const copy = Object.assign(copied(run), { settings, holdsRetry: previous?.grantedIn === tickets.here })
  if (num === 1) settings.admission?.called(fiber)
  else Run.begins(copy, began - startedAt)
  const lost = begun !== undefined && !tickets.use(begun.ticket)
  return {
    subject,
    fiber,
    startedAt,
    began,
    since: Run.ordinal(),
    run: copy,
    ticket: begun?.ticket,
    ownError: lost ? new AttemptLost({ attempt: num }) : undefined
  }
}

const made = (making: Making): Effect.Effect<Record, never, InActivity> =>
  Effect.matchCauseEffect(making.ownError === undefined ? inTime(making) : Effect.fail(making.ownError), {
    onSuccess: (value) => succeeded(making, value),
    onFailure: (cause) => Cause.hasInterrupts(cause) ? left(making, cause) : failed(making, cause)
  })

const inTime = (making: Making): Effect.Effect<unknown, unknown, InActivity> => {
  const { run, subject: { activity, durable: { settings } } } = making
  const execute = activity.execute
  if (settings.attemptTimeout === Infinity) return execute
  // engines make activities uninterruptible, and a timeout interrupts
  return Effect.timeoutOrElse(Effect.interruptible(execute), {
    duration: settings.attemptTimeout,
    orElse: () => {
      making.ownError = new AttemptTimedOut({ attempt: run.attempt, after: Duration.millis(settings.attemptTimeout) })
      return Effect.fail(making.ownError)
    }
  })
}

const succeeded = (making: Making, value: unknown): Effect.Effect<Succeeded> => {
  const { began, fiber, run, startedAt, subject: { coding, durable, name } } = making
  return Effect.flatMap(coding.writeValue(value), (value) => {
    const record = { _tag: "Succeeded" as const, value }
    retrySucceeded(run, fiber)
    if (run.attempt === 1) return Effect.succeed(record)
    Run.over(run, now(fiber, began) - startedAt)
    return Effect.as(stories.recovered(run, durable, fiber, name), record)
  })
}

/** A suspension, a shutdown or a cancelled workflow: nothing that the attempt came to, and so not recorded. */
const left = (
  { ticket }: Making,
  cause: Cause.Cause<unknown>
): Effect.Effect<never, never, WorkflowInstance> =>
  Effect.flatMap(WorkflowInstance, ({ suspended }) => {
    if (suspended && ticket !== undefined) tickets.giveBack(ticket)
    return Effect.failCause(Cause.fromReasons(cause.reasons.filter(Cause.isInterruptReason)))
  })

const failed = (making: Making, cause: Cause.Cause<unknown>): Effect.Effect<Failed> => {
  const { fiber, ownError, run, since, startedAt, subject: { coding, durable: { settings }, name } } = making
  const at = now(fiber, making.began)
  closed(run, at - startedAt, settings.plan(currentMode(fiber), fiber.getRef(defaults.Current)))
  // `on` sees the very error, and not what storage makes of it
  const { cause: seen, verdict } = ownError instanceof AttemptLost
    ? { cause, verdict: true as const }
    : judged(run, { ...settings, name }, cause, ownError, fiber)
  const inner = origins.inside(cause.reasons, since, fiber)
  return Effect.flatMap(coding.writeCause(seen), (written) => {
    const failure: Run.Failure = {
      // an error that its schema does not hold is a defect
      verdict: written.cause === seen && verdict,
      error: errorsOf(written.cause === seen ? cause : written.cause)[0],
      inner,
      alreadyRetried: alreadyRetried(settings, inner, fiber)
    }
    return Effect.flatMap(
      decided(run, settings.admission, fiber, failure),
      (decision) => recorded(making, run, failure, decision, at, written.json)
    )
  })
}

/** Closes the attempt. A deadline around the workflow ends with its process, so the run has none. */
function closed(run: Run.Run & Admitted, at: number, plan: Plan): asserts run is Run.Run & Admitted & Run.Planned {
  Run.closed(run, at, plan)
}

const decided = (
  run: Run.Planned & Admitted,
  door: Door | undefined,
  fiber: Making["fiber"],
  failure: Run.Failure
): Effect.Effect<Decision> => {
  const random = () => draw(fiber)
  if (door === undefined) return Effect.succeed(Run.decide(run, failure, random))
  const decision = admit(door, run, fiber, failure, random)
  return Effect.isEffect(decision) ? decision : Effect.succeed(decision)
}

/** Does as decided, tells the hooks of it, and leaves the record. */
const recorded = (
  { began, fiber, startedAt, subject: { durable, name } }: Making,
  run: Run.Planned & Admitted,
  failure: Run.Failure,
  decision: Decision,
  at: number,
  cause: Schema.Json
): Effect.Effect<Failed> => {
  Run.obeyed(run, failure, decision)
  return Effect.map(stories.decided(run, durable, fiber, name), () => ({
    _tag: "Failed" as const,
    cause,
    startedAt,
    began,
    at,
    inside: failure.inner?.calls ?? 0,
    limits: { attempts: run.plan.attempts, timeout: run.plan.timeout },
    decision,
    toldAt: now(fiber, at),
    grantedIn: run.holdsRetry ? tickets.here : undefined
  }))
}
