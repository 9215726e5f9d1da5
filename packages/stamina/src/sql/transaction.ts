/**
 * A transaction that is retried as a whole.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { BeginTransaction, SqlClient } from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { LiveRun } from "../drive/liveRun.ts"
import { retryWith } from "../drive/loop.ts"
import { fromRetryOptions, retryFields, type Settings } from "../drive/settings.ts"
import { inTime } from "../drive/timeLimit.ts"
import type { RetryPolicy } from "../policy/RetryPolicy.ts"
import { callableOf } from "../telemetry/eventsOf.ts"
import { checkBoolean, checkKnown, refuse } from "../tools/check.ts"
import { logLine } from "../tools/logLine.ts"
import type { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"
import { errorsOf } from "../verdict/ofCause.ts"
import { isRefusal } from "./answers.ts"
import { isOutcomeUnknown, markOutcomeUnknown, withoutAftermath } from "./classify.ts"
import { isLossOf, keepingErrors } from "./keepingErrors.ts"
import type { Options } from "./model.ts"

/** Checked options. */
interface Ready {
  readonly settings: Settings
  readonly begin: string | undefined
  readonly idempotent: boolean
}

/** Checks options on behalf of the function named `caller`, and completes them from `defaults`. */
export const fromOptions = (
  caller: string,
  options: Options<unknown, Duration.Input | undefined>,
  defaults: { readonly on: (error: unknown) => boolean; readonly policy: RetryPolicy }
): Ready => {
  checkKnown(caller, options, [...retryFields, "begin", "idempotent"])
  const { begin, idempotent = false, on = defaults.on, ...rest } = options
  if (begin !== undefined && (typeof begin !== "string" || begin.trim() === "")) {
    return refuse(caller, "begin", "a statement", begin)
  }
  return {
    settings: fromRetryOptions(caller, { ...rest, on }, defaults.policy),
    begin,
    idempotent: checkBoolean(caller, idempotent, "idempotent")
  }
}

/** Runs an effect in a transaction, and retries it if that is the outermost one. */
export const run = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  ready: Ready
): Effect.Effect<A, E | SqlError | AttemptTimedOut, R | SqlClient> =>
  Effect.flatMap(
    SqlClient,
    (client) =>
      Effect.withFiber((fiber) =>
        Context.getOrUndefined(fiber.context, client.transactionService) === undefined
          ? retryWhole(client, fiber, self, ready)
          : runInside(client, fiber, self, ready)
      )
  )

/** The retried transactions around, of all clients: the keys of their services. */
const RetriedAround: Context.Reference<ReadonlyArray<string>> = Context.Reference<ReadonlyArray<string>>(
  "effect-stamina/SqlRetry/Retried",
  { defaultValue: () => [] }
)

/** An outermost transaction. */
const retryWhole = <A, E, R>(
  client: SqlClient,
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  ready: Ready
): Effect.Effect<A, E | SqlError | AttemptTimedOut, R> => {
  const { begin, idempotent, settings } = ready
  let telling: ReadonlyArray<unknown> = []
  const around = [...fiber.getRef(RetriedAround), client.transactionService.key]
  const withTransaction = begin === undefined
    ? client.withTransaction
    : beginWith(client, begin, fiber.getRef(BeginTransaction))

  const attempt = (run: LiveRun) => {
    // not the whole: that would interrupt a `COMMIT` as well
    const inside = Effect.provideService(inTime(run, self), RetriedAround, around)
    const whole = keepingErrors(withTransaction, inside, (cause) => {
      const errors = errorsOf(cause).filter((error) => !isRefusal(error))
      if (idempotent || errors.length === 0) return Effect.failCause(cause)
      errors.forEach(markOutcomeUnknown)
      logLine(fiber, { level: "Warn", message: "stamina.commit_unknown", labels: labelsOf(ready, fiber) })
      return Effect.failCause(cause)
    })
    return Effect.onExitPrimitive(whole, (exit) => {
      if (Exit.isFailure(exit)) telling = withoutAftermath(errorsOf(exit.cause))
      return undefined
    })
  }

  const judge: Settings["judge"] = (error, attempt, fiber) =>
    // the failure that this one follows from decides
    !telling.includes(error) ||
    (!isOutcomeUnknown(error) && settings.judge(error, attempt, fiber))
  // `stamina.commit_unknown` has said why
  return retryWith({ ...settings, judge, isExplained: isOutcomeUnknown }, { attempt })
}

/** A transaction inside another: not retried. */
const runInside = <A, E, R>(
  client: SqlClient,
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  ready: Ready
): Effect.Effect<A, E | SqlError | AttemptTimedOut, R> => {
  tellNotRetried(client, fiber, ready)
  return asSavepoint(client, self, ready)
}

const asSavepoint = <A, E, R>(
  client: SqlClient,
  self: Effect.Effect<A, E, R>,
  { settings }: Ready
): Effect.Effect<A, E | SqlError | AttemptTimedOut, R> =>
  keepingErrors(client.withTransaction, inTime({ attempt: 1, settings, ownError: undefined }, self), (cause) => {
    // no question is left open, as at `COMMIT`: losing the connection undoes the savepoint, released or not
    const [error] = errorsOf(cause)
    return isLossOf([], cause) && isSqlError(error) ? Effect.fail(error) : Effect.failCause(cause)
  })

const tellNotRetried = (client: SqlClient, fiber: Fiber.Fiber<unknown, unknown>, ready: Ready): void => {
  const isRetried = fiber.getRef(RetriedAround).includes(client.transactionService.key)
  const labels = labelsOf(ready, fiber)
  logLine(fiber, { level: isRetried ? "Debug" : "Warn", message: "stamina.transaction_not_retried", labels }, {
    annotations: () => ({
      ...labels,
      summary: `inside another transaction, which ${isRetried ? "is retried as a whole" : "SqlRetry did not begin"}`
    })
  })
}

const labelsOf = ({ settings: { name } }: Ready, fiber: Fiber.Fiber<unknown, unknown>) => ({
  callable: callableOf(name, fiber)
})

/** Sets `BeginTransaction` for this transaction only: inside, it would hold for other clients as well. */
const beginWith =
  (client: SqlClient, begin: string, inside: string | undefined): SqlClient["withTransaction"] => (self) =>
    Effect.provideService(
      client.withTransaction(Effect.provideService(self, BeginTransaction, inside)),
      BeginTransaction,
      begin
    )
