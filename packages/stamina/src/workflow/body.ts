/**
 * A durable retry in the body of its workflow: attempt after attempt, and the waits between them.
 *
 * The body runs from the top each time that its workflow is resumed. Attempts that were recorded answer from storage then.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import { type WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import * as defaults from "../ambient/defaults.ts"
import type { GiveUpReason } from "../run/Decision.ts"
import * as origins from "../run/origins.ts"
import * as Run from "../run/run.ts"
import { report } from "../telemetry/RetryReport.ts"
import { errorsOf } from "../verdict/ofCause.ts"
import * as attempts from "./attempt.ts"
import * as notify from "./notify.ts"
import { Begun, type Failed } from "./record.ts"
import { follow } from "./replay.ts"
import * as tickets from "./tickets.ts"
import { now, waitFrom } from "./wallClock.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>
type Engine = WorkflowEngine | WorkflowInstance

/** Retries an activity durably. */
export const retryActivity = (subject: attempts.Subject): Effect.Effect<unknown, unknown, Engine> =>
  Effect.withFiber((fiber) => attemptAll(subject, fiber, Run.make(Run.runsEnded())))

const attemptAll = Effect.fnUntraced(function*(subject: attempts.Subject, fiber: AnyFiber, run: Run.Run) {
  const { activity, coding, durable } = subject
  let previous: Failed | undefined
  let last: Cause.Cause<unknown> = Cause.empty
  for (let num = 1;; num++) {
    const begun: Begun | undefined = durable.lostAttempts === "count" ? yield* begins(activity.name, num) : undefined
    const record = yield* attempts.record(subject, { num, run, previous, begun })
    if (record._tag === "Succeeded") {
      Run.end(run, run.elapsed)
      return yield* coding.readValue(record.value)
    }
    if (record._tag === "Refused") {
      // reasons are only written by this library
      Run.end(run, record.at - (previous?.startedAt ?? record.at), record.reason as GiveUpReason)
      return yield* gaveUp(subject, fiber, run, last)
    }
    const cause = last = yield* coding.readCause(record.cause)
    follow(run, record, errorsOf(cause)[0], durable.settings.plan(undefined, fiber.getRef(defaults.Current)))
    if (record.decision._tag === "Stop") return yield* gaveUp(subject, fiber, run, cause)
    if (num === 1) yield* onInterrupted(subject, run, record.startedAt)
    yield* waitFrom(`${activity.name}/${num}`, record.toldAt, record.decision.wait, durable.holdWaitsUpTo)
    previous = record
  }
})

/** Records that an attempt begins. */
const begins = (name: string, num: number) =>
  Activity.make({
    name: `${name}/${num}/begin`,
    success: Begun,
    execute: Effect.withFiber((fiber) => Effect.sync(() => ({ at: now(fiber, 0), ticket: tickets.issue() })))
  })

/** Ends with what the last attempt failed with. The errors are copies out of storage, made anew on each replay. */
const gaveUp = (
  { durable: { onGiveUp } }: attempts.Subject,
  fiber: AnyFiber,
  run: Run.Run,
  cause: Cause.Cause<unknown>
): Effect.Effect<never, unknown> => {
  for (const error of errorsOf(cause)) origins.remember(error, run, fiber)
  const noted = Run.hasGivenUp(run) ? origins.annotated(cause, run) : cause
  if (onGiveUp === undefined) return Effect.failCause(noted)
  const known = Option.getOrThrow(report(noted))
  return Effect.failCause(Cause.map(noted, (error) => onGiveUp(error, known)))
}

/** Notifies the hooks if the workflow is interrupted before the run has ended. A suspension is not an end. */
const onInterrupted = (
  { durable, name }: attempts.Subject,
  run: Run.Run,
  startedAt: number
): Effect.Effect<void, never, WorkflowInstance> =>
  Effect.flatMap(WorkflowInstance, (instance) =>
    Workflow.addFinalizer(() =>
      // the fiber that ends the workflow, with the services around the retry
      Effect.withFiber((fiber) => {
        if (!instance.interrupted || Run.isOver(run)) return Effect.void
        Run.end(run, now(fiber, startedAt + run.elapsed) - startedAt)
        return notify.interrupted(run, durable, fiber, name)
      })
    ))
