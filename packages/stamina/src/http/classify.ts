/**
 * Which failures of a request pass by themselves.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"
import { isBrokenOff, isFinal } from "./codes.ts"
import { isOfFetch, isUnprocessed } from "./unprocessed.ts"

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

/**
 * Whether an error shows that its request was surely not processed. `fetch` follows redirects by itself, so its errors do not
 * show that.
 */
export const showsUnprocessed = ({ reason }: HttpClientError.HttpClientError): boolean =>
  reason._tag === "TransportError" && !isOfFetch(reason.cause) && isUnprocessed(reason.cause)
