/**
 * What a database error says about the work that failed with it: whether to do it again, and whether it may have been
 * done.
 */
import * as Predicate from "effect/Predicate"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as codes from "./codes.ts"

/** Whether the same work may succeed if it is done again: see `SqlRetry.on`. */
export const isTransient = (error: unknown): boolean => {
  if (!isSqlError(error) || isOutcomeUnknown(error)) return false
  const meaning = meaningOf(error)
  switch (error.reason._tag) {
    case "SerializationError":
    case "DeadlockError":
    case "LockTimeoutError":
      return true
    case "ConnectionError":
      return meaning !== "closed" && meaning !== "unresolved"
    case "UnknownError":
      return meaning === "again" || meaning === "lost"
    case "StatementTimeoutError":
    case "UniqueViolation":
    case "ConstraintError":
    case "SqlSyntaxError":
    case "AuthenticationError":
    case "AuthorizationError":
      return false
  }
}

/** Whether the connection is gone, or there was none: the last statement may have arrived although no answer came. */
export const isLost = (error: SqlError): boolean => {
  const meaning = meaningOf(error)
  return meaning !== "unresolved" && (error.reason._tag === "ConnectionError" ||
    (error.reason._tag === "UnknownError" && (meaning === "lost" || meaning === "closed")))
}

/**
 * The failures of a transaction without those that merely follow from another one, as when two statements run at the
 * same time. 25P02 alone is kept: what it followed from is unknown.
 */
export const withoutAftermath = (errors: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const telling = errors.filter((error) => !(isSqlError(error) && codes.isAftermath(error.reason.cause)))
  return telling.some(isSqlError) ? telling : errors
}

const meaningOf = ({ reason: { cause } }: SqlError): codes.Meaning | undefined => codes.meaningOf(cause)

/** Whether an error was marked: see `SqlRetry.isOutcomeUnknown`. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  Predicate.isObjectKeyword(error) && unknownOutcomes.has(error)

/** Marks an error of a `COMMIT` that may have been done, or a defect in its place. */
export const markOutcomeUnknown = (error: unknown): void => {
  if (Predicate.isObjectKeyword(error)) unknownOutcomes.add(error)
}

const unknownOutcomes = /*#__PURE__*/ new WeakSet<object>()
