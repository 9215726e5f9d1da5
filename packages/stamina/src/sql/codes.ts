/**
 * What the codes and messages of databases and their drivers mean for a retry: the one table of them. `docs/sql.md`
 * shows it to users.
 */
import { causesOf, read } from "../tools/errors.ts"
import { codeOfOpenSsl, isFinalTlsFault } from "../tools/tlsFaults.ts"

/**
 * What an error says of the work that failed with it.
 *
 * - `again`: the work was not done, and may succeed the next time.
 * - `lost`: the connection broke, or there was none to be had. Another one may do.
 * - `closed`: there is no connection either, and another one would not help.
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
    // and all of class 08 but one, see below
    lost: "57P01 57P02 57P05 25P03",
    // the database was dropped; the transaction took longer than the server allows
    closed: "57P04 25P04",
    // transaction resolution unknown, statement completion unknown
    unresolved: "08007 40003"
  },
  // the operating system: https://nodejs.org/api/errors.html#common-system-errors
  {
    lost: "ECONNABORTED ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH ENETDOWN ENETRESET ENETUNREACH ENOTCONN EPIPE " +
      "ETIMEDOUT EAI_AGAIN ENOTFOUND"
  },
  // MySQL and MariaDB, as mysql2 names their errors (lib/constants/errors.js and lib/base/connection.js of 3.24):
  // https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
  {
    // the last three: the plan is stale, the row was changed since the snapshot was taken (MariaDB), the group has
    // certified another transaction first
    again: "ER_LOCK_DEADLOCK ER_LOCK_WAIT_TIMEOUT ER_CON_COUNT_ERROR ER_TOO_MANY_USER_CONNECTIONS ER_NEED_REPREPARE " +
      "ER_CHECKREAD ER_TRANSACTION_ROLLBACK_DURING_COMMIT",
    lost: "PROTOCOL_CONNECTION_LOST ER_SERVER_SHUTDOWN ER_CLIENT_INTERACTION_TIMEOUT ER_CONNECTION_KILLED " +
      "ER_BAD_HOST_ERROR ER_HANDSHAKE_ERROR",
    // this host may not connect, or not any more; and a server without TLS
    closed: "ER_HOST_IS_BLOCKED ER_HOST_NOT_PRIVILEGED HANDSHAKE_NO_SSL_SUPPORT",
    // the storage engine or the log failed halfway; and the number that Vitess gives to all its errors
    unresolved: "ER_ERROR_DURING_COMMIT ER_UNKNOWN_ERROR"
  },
  // SQLite: https://sqlite.org/rescode.html
  { again: "SQLITE_BUSY SQLITE_LOCKED", lost: "SQLITE_CANTOPEN" },
  // SQL Server, as tedious reports its numbers: deadlock, lock timeout, conflict of snapshots
  { again: "EREQUEST_1205 EREQUEST_1222 EREQUEST_3960" },
  // postgres.js (src/connection.js and src/index.js of 3.4). It is closed where the program has closed it.
  { lost: "CONNECTION_CLOSED CONNECT_TIMEOUT", closed: "CONNECTION_ENDED CONNECTION_DESTROYED" }
]

const meanings = ["again", "lost", "closed", "unresolved"] as const

const codes: ReadonlyMap<unknown, Meaning> = new Map(
  sources.flatMap((source) =>
    meanings.flatMap((meaning) => (source[meaning]?.split(" ") ?? []).map((code) => [code, meaning] as const))
  )
)

/** Connections that are lost, or cannot be had, without a code: how the messages begin, in lower case. */
const messages: ReadonlyArray<readonly [start: string, meaning: Meaning]> = [
  // mysql2, lib/base/connection.js: whatever is sent after the loss, ROLLBACK included; and lib/base/pool.js
  ["can't add new command when connection is in closed state", "lost"],
  ["no connections available.", "lost"],
  ["queue limit reached.", "lost"],
  // D1, where "Retry the operation" stands: https://developers.cloudflare.com/d1/observability/debug-d1/
  ["network connection lost", "lost"],
  ["d1 db reset because its code was updated", "lost"],
  ["internal error while starting up d1 db storage caused object to be reset", "lost"],
  ["internal error in d1 db storage caused object to be reset", "lost"],
  ["cannot resolve d1 db due to transient issue on remote node", "lost"],
  ["replica disconnected from primary", "lost"],
  // node-postgres, lib/client.js and lib/connection.js of 8.23, and pg-pool
  ["connection terminated unexpectedly", "lost"],
  ["connection terminated due to connection timeout", "lost"],
  ["timeout exceeded when trying to connect", "lost"],
  ["client has encountered a connection error and is not queryable", "lost"],
  ["the server does not support ssl connections", "closed"],
  // @effect/sql-pg, src/PgConnection.ts of 4.0
  ["the server does not support tls", "closed"]
]

/** What an error of a driver, or the outermost of its causes that says anything, means. */
export const meaningOf = (error: unknown): Meaning | undefined => {
  for (const cause of causesOf(error)) {
    const meaning = meaningOfOne(cause)
    if (meaning !== undefined) return meaning
  }
  return undefined
}

/** What one error means by itself, its causes aside. */
export const meaningOfOne = (error: object): Meaning | undefined => {
  const code = codeOf(error)
  if (code === "0A000") return isStalePlan(error, textOf(error)) ? "again" : undefined
  const meaning = codes.get(code)
  if (meaning !== undefined) return meaning
  if (typeof code === "string") {
    if (/^08[0-9A-Z]{3}$/.test(code)) return "lost"
    if (isFinalTlsFault(code)) return "closed"
  }
  const text = textOf(error)
  return messages.find(([start]) => text.startsWith(start))?.[1]
}

/**
 * The code of an error. What drivers report by number gets a code of the same form: SQLite's errors those of its manual,
 * without what makes them extended, and SQL Server's `EREQUEST_` and the number.
 */
export const codeOf = (error: object): unknown => {
  const code = codeOfOpenSsl(error)
  if (code === "ERR_SQLITE_ERROR") return sqliteCode(read(error, "errcode"))
  if (typeof code === "number") return read(error, "name") === "SQLiteError" ? sqliteCode(code) : undefined
  if (code === "EREQUEST") return `EREQUEST_${String(read(error, "number"))}`
  return typeof code === "string" ? code.replace(/^(SQLITE_(?:BUSY|LOCKED|CANTOPEN|IOERR))_\w+$/, "$1") : undefined
}

const sqliteCode = (number: unknown): string | undefined => {
  if (typeof number !== "number") return undefined
  // the lowest byte is the error, and the rest makes it extended
  const primary = number & 0xff
  return `SQLITE_${sqliteNames.get(primary) ?? primary}`
}

const sqliteNames: ReadonlyMap<number, string> = /*#__PURE__*/ new Map([
  [5, "BUSY"],
  [6, "LOCKED"],
  [10, "IOERR"],
  [14, "CANTOPEN"]
])

/** The message of an error in lower case, without what D1 puts in front. */
export const textOf = (error: object): string => {
  const message = read(error, "message")
  return typeof message === "string" ? message.toLowerCase().replace(/^d1_error: /, "") : ""
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
