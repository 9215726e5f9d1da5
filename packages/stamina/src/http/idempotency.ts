/**
 * Which requests may be sent twice.
 */
import type * as HttpBody from "effect/http/HttpBody"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

/** The methods that RFC 9110 calls idempotent, and QUERY of RFC 10008: two requests have the same effect as one. */
export const methods: ReadonlyArray<string> = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PUT", "DELETE"]

const idempotent: ReadonlySet<string> = /*#__PURE__*/ new Set(methods)

/** The default name of the header by which a server recognises a repeated request. */
export const keyHeader = "Idempotency-Key"

/** The key of a request, if it has one. An empty one is none: it would be the same for all requests. */
export const keyOf = ({ headers }: HttpClientRequest.HttpClientRequest, header: string): string | undefined =>
  headers[header.toLowerCase()]?.trim() || undefined

/** Why a request is not sent twice. */
export interface Refusal {
  /** Whether the caller could expect that, since it follows from the method. */
  readonly expected: boolean
  readonly why: string
}

/** Why a request must not be sent twice; undefined if it may. */
export const refusal = (
  request: HttpClientRequest.HttpClientRequest,
  methods: ReadonlySet<string>,
  header: string
): Refusal | undefined => {
  if (!methods.has(request.method.toUpperCase()) && keyOf(request, header) === undefined) {
    // a user's own list may leave out what is idempotent
    const which = idempotent.has(request.method.toUpperCase()) ? "not among the methods" : "not idempotent"
    return { expected: true, why: `${request.method} is ${which}, and there is no ${header}` }
  }
  return isReplayable(request.body) ? undefined : { expected: false, why: "the body can be sent only once" }
}

/** Whether a body can be sent again. A stream may be used up, and nothing tells whether it is. */
const isReplayable = (body: HttpBody.HttpBody): boolean => {
  switch (body._tag) {
    case "Empty":
    case "Uint8Array":
    case "FormData":
      return true
    case "Stream":
      return false
    case "Raw":
      return isData(body.body)
  }
}

/** Whether a raw body is complete data, in one of the forms that platforms accept. */
const isData = (body: unknown): boolean =>
  body === undefined || body === null || typeof body === "string" || ArrayBuffer.isView(body) ||
  data.test(Object.prototype.toString.call(body))

/** By name, since not every platform has all of these classes. */
const data = /^\[object (?:ArrayBuffer|SharedArrayBuffer|Blob|File|FormData|URLSearchParams)\]$/
