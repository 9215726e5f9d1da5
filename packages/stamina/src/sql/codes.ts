/**
 * What the codes and messages of databases and their drivers mean for a retry: the one table of them. `docs/sql.md`
 * shows it to users.
 */
import { causesOf, read } from "../tools/errors.ts"

/**
 * What an error says of the work that failed with it.
 *
 * - `again`: the work was not done, and may succeed the next time.
 * - `lost`: the connection broke, or there was none to be had. Another one may do.
 * - `closed`: the connection is gone as well, but another one would not help.
 * - `unresolved`: the server itself does not know what has become of the work.
 */
export type Meaning = "again" | "lost" | "closed" | "unresolved"

const sources: ReadonlyArray<{ readonly [M in Meaning]?: string }> = [
  // PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
  {
    // serialization failure, deadlock, lock not available, too many connections, cannot connect now; and a prepared
    // statement that the server does not know any more, as behind a pooler (drivers drop it then)
    again: "40001 40P01 55P03 53300 57P03 26000",
    // shutdown, crash, timeouts of an idle session and of one that is idle in a transaction
    lost: "57P01 57P02 57P05 25P03",
    // the database was dropped; the transaction took longer than the server allows
    closed: "57P04 25P04",
    // transaction resolution unknown, statement completion unknown
    unresolved: "08007 40003"
  },
  // the operating system: https://nodejs.org/api/errors.html#common-system-errors
  {
    lost: "ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH ENETDOWN ENETUNREACH ENOTCONN EPIPE ETIMEDOUT EAI_AGAIN"
  },
  // MySQL, as mysql2 names its errors (lib/constants/errors.js and lib/base/connection.js of 3.24):
  // https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
  {
    again: "ER_LOCK_DEADLOCK ER_LOCK_WAIT_TIMEOUT ER_CON_COUNT_ERROR ER_NEED_REPREPARE",
    lost: "PROTOCOL_CONNECTION_LOST ER_SERVER_SHUTDOWN ER_CLIENT_INTERACTION_TIMEOUT"
  },
  // postgres.js (src/connection.js and src/index.js of 3.4). It is closed where the program has closed it.
  { lost: "CONNECTION_CLOSED CONNECT_TIMEOUT", closed: "CONNECTION_ENDED CONNECTION_DESTROYED" }
]

const meanings = ["again", "lost", "closed", "unresolved"] as const

const codes: ReadonlyMap<unknown, Meaning> = new Map(
  sources.flatMap((source) =>
    meanings.flatMap((meaning) => (source[meaning]?.split(" ") ?? []).map((code) => [code, meaning] as const))
  )
)

/** Lost connections without a code: how the messages begin, in lower case. */
const messages: ReadonlyArray<string> = [
  // mysql2, lib/base/connection.js: whatever is sent after the loss, ROLLBACK included
  "can't add new command when connection is in closed state",
  // D1, where "Retry the operation" stands: https://developers.cloudflare.com/d1/observability/debug-d1/
  "network connection lost",
  "d1 db reset because its code was updated",
  "internal error while starting up d1 db storage caused object to be reset",
  "internal error in d1 db storage caused object to be reset",
  "cannot resolve d1 db due to transient issue on remote node",
  "replica disconnected from primary",
  // node-postgres, lib/client.js of 8.23, and pg-pool
  "connection terminated unexpectedly",
  "connection terminated due to connection timeout",
  "client has encountered a connection error and is not queryable"
]

/** What an error of a driver, or the outermost of its causes that says anything, means. */
export const meaningOf = (error: unknown): Meaning | undefined => {
  for (const cause of causesOf(error)) {
    const meaning = meaningOfOne(cause)
    if (meaning !== undefined) return meaning
  }
  return undefined
}

const meaningOfOne = (error: object): Meaning | undefined => {
  const code = read(error, "code")
  const message = read(error, "message")
  const text = typeof message === "string" ? message.toLowerCase().replace(/^d1_error: /, "") : ""
  if (code === "0A000") return isStalePlan(error, text) ? "again" : undefined
  return codes.get(code) ?? (messages.some((start) => text.startsWith(start)) ? "lost" : undefined)
}

/**
 * Whether a prepared statement does not fit its table any more, since that was altered. Its code means just that
 * something is not supported. The routine is PostgreSQL's, whose message depends on the server's language; CockroachDB
 * has the message alone.
 */
const isStalePlan = (error: object, message: string): boolean =>
  read(error, "routine") === "RevalidateCachedQuery" || message === "cached plan must not change result type"

/** PostgreSQL refuses a statement because an earlier one of the same transaction has failed. */
export const isAftermath = (error: unknown): boolean => causesOf(error).some((cause) => read(cause, "code") === "25P02")
