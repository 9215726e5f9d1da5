/**
 * What an error of a database says about the work that failed with it: whether it may be done again, and whether it may
 * have been done.
 */
import * as Predicate from "effect/Predicate"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

/** Whether the same work may well succeed if it is done again: see `SqlRetry.on`. */
export const isTransient = (error: unknown): boolean => {
  if (!isSqlError(error) || isOutcomeUnknown(error)) return false
  switch (error.reason._tag) {
    case "SerializationError":
    case "DeadlockError":
    case "LockTimeoutError":
      return true
    case "ConnectionError":
    case "UnknownError":
      return isLost(error) || refused.has(codeOf(error))
    case "StatementTimeoutError":
    case "UniqueViolation":
    case "ConstraintError":
    case "SqlSyntaxError":
    case "AuthenticationError":
    case "AuthorizationError":
      return false
  }
}

/** The server has no connection for us: too many of them, or it is starting up. */
const refused: ReadonlySet<unknown> = new Set(["53300", "57P03"])

/** The connection was there and is no more: in the words of PostgreSQL, of the operating system, and of mysql2. */
const lost: ReadonlySet<unknown> = new Set(
  ("57P01 57P02 57P05 ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH ENETDOWN ENETUNREACH ENOTCONN EPIPE ETIMEDOUT " +
    "EAI_AGAIN PROTOCOL_CONNECTION_LOST").split(" ")
)

/** The server itself does not know what has become of the work. */
const unresolved: ReadonlySet<unknown> = new Set(["08007", "40003"])

/** Whether the connection was lost, or was not to be had: what was sent last may have arrived, and the answer was lost. */
export const isLost = (error: SqlError): boolean => {
  const code = codeOf(error)
  return !unresolved.has(code) &&
    (error.reason._tag === "ConnectionError" || (error.reason._tag === "UnknownError" && lost.has(code)))
}

const codeOf = ({ reason: { cause } }: SqlError): unknown =>
  Predicate.hasProperty(cause, "code") ? cause.code : undefined

/** Whether the server may have done the work although it answered with this error, or with none, as far as it says. */
export const isUnresolved = (error: SqlError): boolean => isLost(error) || unresolved.has(codeOf(error))

/** Whether an error was marked: see `SqlRetry.isOutcomeUnknown`. */
export const isOutcomeUnknown = (error: unknown): boolean => isSqlError(error) && unknownOutcomes.has(error)

/** Marks an error with which a `COMMIT` may have been lost, or done. */
export const markOutcomeUnknown = (error: SqlError): void => void unknownOutcomes.add(error)

const unknownOutcomes = /*#__PURE__*/ new WeakSet<SqlError>()
