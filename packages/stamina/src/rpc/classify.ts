/**
 * What an error of an RPC client says of its call. Errors are known by their tags, so that no part of `effect/rpc` is loaded.
 */
import type * as ClusterError from "effect/cluster/ClusterError"
import type { RpcClientError } from "effect/rpc/RpcClientError"
import { causesOf, read, tagOf } from "../tools/errors.ts"
import { isFinalTlsCause } from "../tools/tlsFaults.ts"

/**
 * What is known of a call that failed.
 *
 * - `Unsent`: nobody has seen it, and it may go through later
 * - `Unknown`: it may have been done, and may go through later
 * - `Final`: it fails again, or nobody knows
 */
export type Fate = "Unsent" | "Unknown" | "Final"

export const fateOf = (error: unknown): Fate =>
  isRpcClientError(error) ? ofTransport(error.reason) : isClusterError(error) ? ofCluster(error) : "Final"

const isRpcClientError = (error: unknown): error is RpcClientError =>
  read(error, "~effect/rpc/RpcClientError") !== undefined

type ClusterFailure = InstanceType<typeof ClusterError[keyof typeof ClusterError]>

const isClusterError = (error: unknown): error is ClusterFailure =>
  read(error, "~effect/cluster/ClusterError") !== undefined

const ofTransport = (reason: RpcClientError["reason"]): Fate => {
  switch (reason._tag) {
    case "SocketOpenError":
      return isFinalTlsCause(reason.cause) ? "Final" : "Unsent"
    case "SocketReadError":
    case "SocketWriteError":
      return "Unknown"
    case "SocketCloseError":
      return closedForNow.has(reason.code) ? "Unknown" : "Final"
    case "HttpError":
      return ofHttp(reason.kind, reason.cause)
    case "SocketUpgradeError":
    case "WorkerSpawnError":
    case "WorkerSendError":
    case "WorkerReceiveError":
    case "WorkerUnknownError":
    case "RpcClientDefect":
      return "Final"
  }
}

/**
 * The codes of closed sockets after which a new one may do: 1000 (closed), 1001 (going away), 1006 (no code), 1011 (internal
 * error) of RFC 6455, 7.4.1, and 1012 (restart), 1013 (try again later), 1014 (bad gateway) of IANA's registry.
 */
const closedForNow: ReadonlySet<number> = /*#__PURE__*/ new Set([1000, 1001, 1006, 1011, 1012, 1013, 1014])

const ofHttp = (kind: string, reason: unknown): Fate => {
  switch (kind) {
    case "TransportError": {
      const causes = causesOf(read(reason, "cause"))
      if (isFinalTlsCause(read(reason, "cause"))) return "Final"
      return causes.some(isUnconnected) ? "Unsent" : "Unknown"
    }
    case "StatusCodeError":
      return passing.has(read(read(reason, "response"), "status")) ? "Unknown" : "Final"
    // the client reads the body as bytes: it broke off
    case "DecodeError":
      return "Unknown"
    default:
      return "Final"
  }
}

/**
 * Whether a connection was never made. Node.js names the call of the system that failed, since codes such as `ETIMEDOUT` and
 * `EHOSTUNREACH` can come from a connection that was open (https://nodejs.org/api/errors.html#errorsyscall).
 */
const isUnconnected = (error: object): boolean =>
  read(error, "syscall") === "connect" || unconnected.has(read(error, "code"))

/** Codes that only such a connection has: of the system, of undici, and of Bun. */
const unconnected: ReadonlySet<unknown> = /*#__PURE__*/ new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused"
])

/** Statuses of servers and proxies that are away or busy. */
const passing: ReadonlySet<unknown> = /*#__PURE__*/ new Set([408, 425, 429, 500, 502, 503, 504])

const ofCluster = (error: ClusterFailure): Fate => {
  switch (tagOf(error)) {
    case "MailboxFull":
    case "EntityNotAssignedToRunner":
      return "Unsent"
    case "PersistenceError":
    case "RunnerUnavailable":
      return "Unknown"
    default:
      return "Final"
  }
}
