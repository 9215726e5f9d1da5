/**
 * Which failures of a request pass by themselves.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import { AttemptTimedOut } from "../verdict/AttemptTimedOut.ts"
import { isBrokenOff, isFinal } from "./codes.ts"

/**
 * The statuses that are retried. From 520 on they are not registered, but in wide use: a proxy's word for what would be a
 * fault of the transport if there were no proxy. 520 to 524 and 530 are Cloudflare's for nonsense, a refused connection, a
 * connection that times out, a host out of reach, an answer that takes too long, and a name that does not resolve
 * (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/). 529 means "overloaded".
 * 525 and 526 are about the TLS and the certificate of the server behind, and so they are final, as such faults are.
 */
export const statuses: ReadonlyArray<number> = [
  408,
  425,
  429,
  500,
  502,
  503,
  504,
  520,
  521,
  522,
  523,
  524,
  529,
  530
]

/** Whether the same request may well succeed if it is sent again. */
export const isTransient = (error: unknown, statuses: ReadonlySet<number>): boolean => {
  if (!HttpClientError.isHttpClientError(error)) return false
  const { reason } = error
  switch (reason._tag) {
    case "TransportError":
      return !isFinal(reason.cause) && reason.description !== upgrade
    case "StatusCodeError":
    case "EmptyBodyError":
      return statuses.has(reason.response.status)
    case "DecodeError":
      // `HttpApiClient` makes such an error of every status that an endpoint does not declare
      return statuses.has(reason.response.status) || isBrokenOff(reason.cause)
    case "EncodeError":
    case "InvalidUrlError":
      return false
  }
}

/** What Effect's own client for `fetch` refuses to send, an error without a cause. */
const upgrade = "fetch cannot send an HTTP upgrade request"

/** Whether an error means that something took too long, and says nothing of the request. */
export const isTimeout = (error: unknown): boolean => Cause.isTimeoutError(error) || error instanceof AttemptTimedOut
