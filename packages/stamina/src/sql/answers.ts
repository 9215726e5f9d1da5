/**
 * Which errors are answers of a database that refuse what was sent. At `COMMIT` only such an answer says that nothing was
 * done. All else, above all what nobody has heard of, leaves that open.
 */
import { isSqlError } from "effect/sql/SqlError"
import { causesOf, read } from "../tools/errors.ts"
import { codeOf, meaningOfOne, textOf } from "./codes.ts"

/** Whether an error at `COMMIT` is a refusal: the transaction was not done. */
export const isRefusal = (error: unknown): boolean => {
  if (!isSqlError(error)) return false
  const answer = answerOf(error.reason.cause)
  switch (error.reason._tag) {
    // Effect's drivers take these from a code of the database alone
    case "SerializationError":
    case "DeadlockError":
    case "LockTimeoutError":
    case "UniqueViolation":
    case "ConstraintError":
    case "SqlSyntaxError":
    case "AuthenticationError":
    case "AuthorizationError":
      return answer !== "open"
    // a timeout may be the client's own
    case "StatementTimeoutError":
    case "ConnectionError":
    case "UnknownError":
      return answer === "refused"
    default:
      return false
  }
}

/** What the outermost cause with a known code or message says: the work was refused, or may have been done. */
const answerOf = (error: unknown): "refused" | "open" | undefined => {
  for (const cause of causesOf(error)) {
    if (isAnswer(cause)) return "refused"
    const meaning = meaningOfOne(cause)
    if (meaning !== undefined && meaning !== "again") return "open"
  }
  return undefined
}

const isAnswer = (error: object): boolean => {
  const code = codeOf(error)
  if (textOf(error).startsWith(rolledBack)) return true
  // a failed write may have reached the disk
  if (typeof code !== "string" || code === "SQLITE_IOERR") return false
  if (code.startsWith("SQLITE_")) return true
  const meaning = meaningOfOne(error)
  if (meaning !== undefined && meaning !== "again") return false
  return isOfPostgres(code, error) || isOfMysql(code, error) || (code.startsWith("EREQUEST_") && meaning === "again")
}

/** @effect/sql-pg (src/PgClient.ts of 4.0), where PostgreSQL answers `COMMIT` with `ROLLBACK`. */
const rolledBack = "commit rolled back an aborted transaction"

/**
 * SQLSTATEs by their classes, since other codes of five characters are no answers of PostgreSQL (EPIPE, Prisma's P1017).
 * If there is a severity, which comes from the server, the code may be a program's own. Sessions that end (57P0x,
 * FATAL) leave the work open, and so do errors of the system (58) and of the server itself (XX): poolers give these
 * codes to connections that they have lost.
 */
const isOfPostgres = (code: string, error: object): boolean => {
  if (/^(?:57P0|58|XX)/.test(code)) return false
  const severities = [read(error, "severity"), read(error, "severityUnlocalized")]
  if (severities.some((severity) => severity === "FATAL" || severity === "PANIC")) return false
  return severities.some((severity) => typeof severity === "string") ? /^[0-9A-Z]{5}$/.test(code) : classes.test(code)
}

const classes = /^(?:0[39ABFLPZ]|10|2[0-8BDF]|3[489BDF]|4[024]|5[3457]|72|F0|HV|P0)[0-9A-Z]{3}$/

/** Errors of the server: those of the driver have other numbers (2000 to 2999 and 45000 on), or none. */
const isOfMysql = (code: string, error: object): boolean => {
  const number = read(error, "errno")
  const state = read(error, "sqlState")
  return code.startsWith("ER_") && typeof number === "number" &&
    ((number >= 1000 && number < 2000) || (number >= 3000 && number < 7000)) &&
    !(typeof state === "string" && state.startsWith("08"))
}
