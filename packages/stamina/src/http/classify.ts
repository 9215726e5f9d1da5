/**
 * Which failures of a request pass by themselves.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Predicate from "effect/Predicate"

/** The statuses that say: not now. */
export const statuses: ReadonlyArray<number> = [408, 425, 429, 500, 502, 503, 504]

/** Whether the same request may well succeed if it is sent again. */
export const isTransient = (error: unknown, statuses: ReadonlySet<number>): boolean => {
  if (!HttpClientError.isHttpClientError(error)) return Cause.isTimeoutError(error)
  const { reason } = error
  switch (reason._tag) {
    case "TransportError":
      return !codesOf(reason.cause).some((code) => permanent.test(code))
    case "StatusCodeError":
      return statuses.has(reason.response.status)
    case "DecodeError":
      return isBrokenOff(reason.cause)
    case "EncodeError":
    case "InvalidUrlError":
    case "EmptyBodyError":
      return false
  }
}

/** Faults that are there to stay: a certificate that is not trusted, a request that cannot be sent at all. */
const permanent =
  /^(?:CERT_|ERR_TLS_|(?:DEPTH_ZERO_)?SELF_SIGNED_|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|ERR_INVALID_|ERR_UNESCAPED_|ERR_HTTP_|UND_ERR_(?:INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH))/

/** Whether a body could not be read because the connection broke, and not for what stands in it. */
const isBrokenOff = (cause: unknown): boolean =>
  codesOf(cause).some((code) => brokenOff.test(code)) ||
  (cause instanceof TypeError &&
    /^(?:terminated|network error|load failed|failed to fetch|networkerror)/i.test(cause.message))

const brokenOff = /^(?:E[A-Z]+$|UND_ERR_|HPE_|ERR_STREAM_PREMATURE_CLOSE$|Z_BUF_ERROR$)/

/** The codes of an error and of what it was caused by, as Node.js and undici set them. */
const codesOf = (error: unknown): ReadonlyArray<string> => {
  const codes: Array<string> = []
  for (let depth = 0; depth < maxCauses && Predicate.isObject(error); depth++) {
    if (Predicate.hasProperty(error, "code") && typeof error.code === "string") codes.push(error.code)
    error = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  }
  return codes
}

/** How far causes are followed: they may lead back to where they began. */
const maxCauses = 8
