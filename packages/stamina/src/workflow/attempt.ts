/**
 * One attempt of a durable retry: an activity that records its outcome together with the decision about it.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Activity from "effect/workflow/Activity"
import { type WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import * as defaults from "../ambient/defaults.ts"
import { currentMode } from "../ambient/mode.ts"
import type { Visit, Visitor } from "../budget/visit.ts"
import { alreadyRetried, judgeFailure } from "../drive/judge.ts"
import { begin as beginRun } from "../drive/liveRun.ts"
import type { Settings } from "../drive/settings.ts"
import { inTime } from "../drive/timeLimit.ts"
import type { Plan } from "../run/Decision.ts"
import * as origins from "../run/origins.ts"
import * as Run from "../run/run.ts"
import * as notRetried from "../telemetry/notRetried.ts"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { errorsOf } from "../verdict/ofCause.ts"
import type { AnyActivity, Coding } from "./coding.ts"
import { AttemptLost } from "./errors.ts"
import { CurrentActivity } from "./idempotency.ts"
import * as notify from "./notify.ts"
import type { DurableSettings } from "./options.ts"
import { AttemptRecord, type Begun, type Failed, type Refused, type Succeeded } from "./record.ts"
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
): Effect.Effect<AttemptRecord, never, WorkflowEngine | WorkflowInstance> =>
  Activity.make({
    name: `${subject.activity.name}/${progress.num}`,
    success: AttemptRecord,
    annotations: subject.activity.annotations,
    execute: make(subject, progress)
  }).pipe(
    Effect.provideService(Activity.CurrentAttempt, progress.num),
    Effect.provideService(CurrentActivity, subject.activity.name)
  )

/** What is there in the body of an activity. */
type InActivity = Scope.Scope | WorkflowEngine | WorkflowInstance

/** The run in an attempt. A copy, since the one in the body follows records. */
class DurableRun extends Run.Run implements Visitor {
  readonly settings: Settings
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly clock: Clock.Clock
  /** When the first attempt began: milliseconds since the epoch. */
  readonly startedAt: number
  /** The run at its door, in this attempt. Nothing of it is recorded: a retry that waits for a token is one that asks. */
  visit: Visit | undefined = undefined
  /** What the door credited when the run began. */
  credit: number | undefined = undefined
  /** The error that the retry itself made of the attempt. */
  ownError: unknown = undefined

  constructor(recorded: Run.Run, settings: Settings, fiber: Fiber.Fiber<unknown, unknown>, startedAt: number) {
    super(0, 0)
    Object.assign(this, Run.copy(recorded))
    this.settings = settings
    this.fiber = fiber
    this.clock = clock.of(fiber)
    this.startedAt = startedAt
  }

  time(): number {
    return now(this.fiber, this.startedAt) - this.startedAt
  }

  /** A deadline around the workflow ends with its process. */
  deadline(): undefined {
    return undefined
  }
}

/** An attempt that is being made. */
interface Making {
  readonly subject: Subject
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly run: DurableRun
  /** When the attempt began: milliseconds since the epoch. */
  readonly began: number
  /** How many runs had ended before it. */
  readonly endedBefore: number
  /** The ticket that it has used up. */
  readonly ticket: string | undefined
}

/** Makes an attempt. Each but the first asks the door of the run, so a process that dies leaves no question open. */
const make = (subject: Subject, progress: Progress): Effect.Effect<AttemptRecord, never, InActivity> =>
  Effect.withFiber((fiber) => {
    const { begun, num, previous } = progress
    const { settings } = subject.durable
    const ended = previous?.at ?? 0
    // a recorded beginning may come from a clock that is behind
    const first = begun === undefined ? now(fiber, ended) : Math.max(begun.at, ended)
    const run = new DurableRun(progress.run, settings, fiber, previous?.startedAt ?? first)
    const { credit, endedBefore } = num === 1
      ? beginRun(settings, fiber, false)
      : { credit: undefined, endedBefore: Run.runsEnded() }
    run.credit = credit
    run.visit = settings.door?.visit(credit)
    const attempt = (began: number) =>
      makeAdmitted({ subject, fiber, run, began, endedBefore, ticket: begun?.ticket }, num)
    if (num === 1) return attempt(first)
    const asked = Effect.suspend(() => run.visit?.ask(run, (run) => notifyDeferred(subject, run, fiber)) ?? Effect.void)
    return Effect.onInterrupt(
      // what it has waited for a token is not part of the attempt
      Effect.flatMap(asked, () => Run.isOver(run) ? refused(subject, run, fiber) : attempt(now(fiber, first))),
      () => Effect.sync(() => run.visit?.pass.left(fiber))
    )
  })

const notifyDeferred = ({ durable, name }: Subject, run: DurableRun, fiber: Making["fiber"]) =>
  notify.deferred(run, durable, fiber, name)

/** The door has refused the retry, so the run ends without another attempt. */
const refused = ({ durable, name }: Subject, run: DurableRun, fiber: Making["fiber"]): Effect.Effect<Refused> => {
  notRetried.firstFailure(run, { ...run.settings, name }, undefined, fiber)
  return Effect.as(notify.decided(run, durable, fiber, name), {
    _tag: "Refused" as const,
    reason: run.reason ?? "BudgetExhausted",
    at: run.startedAt + run.elapsed
  })
}

const makeAdmitted = (making: Making, num: number): Effect.Effect<AttemptRecord, never, InActivity> => {
  const { run, subject: { activity }, ticket } = making
  if (num > 1) {
    run.visit?.began(run)
    notify.began(run, making.subject.durable, making.fiber, making.subject.name)
    Run.beginAttempt(run, making.began - run.startedAt)
  }
  if (ticket !== undefined && !tickets.use(ticket)) run.ownError = new AttemptLost({ attempt: num })
  const { execute } = activity
  const attempt = run.ownError !== undefined
    ? Effect.fail(run.ownError)
    // engines make activities uninterruptible, and a timeout interrupts
    : inTime(run, run.settings.attemptTimeout === Infinity ? execute : Effect.interruptible(execute))
  return Effect.matchCauseEffect(attempt, {
    onSuccess: (value) => succeeded(making, value),
    onFailure: (cause) => Cause.hasInterrupts(cause) ? left(making, cause) : failed(making, cause)
  })
}

const succeeded = (making: Making, value: unknown): Effect.Effect<Succeeded> => {
  const { began, fiber, run, subject: { coding, durable, name } } = making
  return Effect.flatMap(coding.writeValue(value), (value) => {
    const record = { _tag: "Succeeded" as const, value }
    if (run.attempt > 1) run.visit?.pass.succeeded(fiber)
    else if (run.credit === undefined) run.settings.door?.succeeded(fiber)
    if (run.attempt === 1) return Effect.succeed(record)
    Run.end(run, now(fiber, began) - run.startedAt)
    return Effect.as(notify.recovered(run, durable, fiber, name), record)
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
  const { endedBefore, fiber, run, subject: { coding, name } } = making
  const { settings } = run
  const at = now(fiber, making.began)
  closeAttempt(run, at - run.startedAt, settings.plan(currentMode(fiber), fiber.getRef(defaults.Current)))
  const asked = { ...settings, name }
  notRetried.limitsConflict(run.plan, asked, fiber)
  // `on` sees the very error, and not what storage makes of it
  const { cause: seen, verdict } = run.ownError instanceof AttemptLost
    ? { cause, verdict: true as const }
    : judgeFailure(run, asked, cause, run.ownError, fiber)
  const inner = origins.inside(cause.reasons, endedBefore, fiber)
  return Effect.flatMap(coding.writeCause(seen), (written) => {
    // an error that its schema does not hold is a defect
    const kept = written.cause === seen && verdict
    const failure: Run.Failure = {
      verdict: kept,
      error: errorsOf(written.cause === seen ? cause : written.cause)[0],
      inner,
      alreadyRetried: alreadyRetried(settings, inner, fiber),
      notBefore: run.visit?.failed(run, kept, !Cause.hasDies(cause))
    }
    const recording = recordDecision(making, run, failure, at, written.json)
    notRetried.firstFailure(run, asked, written.cause, fiber)
    return recording
  })
}

function closeAttempt(run: DurableRun, at: number, plan: Plan): asserts run is DurableRun & Run.Planned {
  Run.closeAttempt(run, at, plan)
}

/** Decides, does what was decided, notifies the hooks, and leaves the record. */
const recordDecision = (
  { began, fiber, subject: { durable, name } }: Making,
  run: DurableRun & Run.Planned,
  failure: Run.Failure,
  at: number,
  cause: Schema.Json
): Effect.Effect<Failed> => {
  const decision = Run.decide(run, failure, () => draw(fiber))
  Run.apply(run, failure, decision)
  return Effect.map(notify.decided(run, durable, fiber, name), () => ({
    _tag: "Failed" as const,
    cause,
    startedAt: run.startedAt,
    began,
    at,
    inside: failure.inner?.calls ?? 0,
    limits: { attempts: run.plan.attempts, timeout: run.plan.timeout },
    decision,
    toldAt: now(fiber, at)
  }))
}
