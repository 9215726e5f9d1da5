/**
 * Which requests may be sent twice.
 */
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

/** The methods that RFC 9110 calls idempotent, and QUERY of RFC 10008: two requests have the same effect as one. */
export const methods: ReadonlyArray<string> = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PUT", "DELETE"]

const idempotent: ReadonlySet<string> = /*#__PURE__*/ new Set(methods)

/** The default name of the header by which a server recognises a repeated request. */
export const keyHeader = "Idempotency-Key"

/** The key of a request, if it has one. An empty one is none: it would be the same for all requests. */
export const keyOf = ({ headers }: HttpClientRequest.HttpClientRequest, header: string): string | undefined =>
  headers[header.toLowerCase()]?.trim() || undefined

/** The methods that may get a key of their own. */
export const takesKey = (method: string): boolean => /^(?:POST|PATCH)$/i.test(method)

/** Why a request is not sent twice. */
export interface Refusal {
  /** Whether the caller could expect that, since it follows from the method. */
  readonly expected: boolean
  readonly why: string
}

/** What decides whether a request may be sent twice. */
export interface Traits {
  readonly method: string
  /** Whether it has an idempotency key. */
  readonly hasKey: boolean
  /** Whether its body can be sent again. */
  readonly isReplayable: boolean
}

/** The traits of a request of Effect's client. */
export const traitsOf = (
  request: HttpClientRequest.HttpClientRequest,
  header: string,
  isReplayable: boolean
): Traits => ({ method: request.method, hasKey: keyOf(request, header) !== undefined, isReplayable })

/** Why a request must not be sent twice; undefined if it may: if it was surely not processed, its method does not matter. */
export const refusal = (
  { hasKey, isReplayable, method }: Traits,
  methods: ReadonlySet<string>,
  header: string,
  isUnprocessed = false
): Refusal | undefined => {
  if (!isUnprocessed && !methods.has(method.toUpperCase()) && !hasKey) {
    // a user's own list may leave out what is idempotent
    const which = idempotent.has(method.toUpperCase()) ? "not among the methods" : "not idempotent"
    return { expected: true, why: `${method} is ${which}, and there is no ${header}` }
  }
  return isReplayable ? undefined : { expected: false, why: "the body can be sent only once" }
}

/** Whether a raw body is complete data, in one of the forms that platforms accept. */
export const isData = (body: unknown): boolean =>
  body === undefined || body === null || typeof body === "string" || ArrayBuffer.isView(body) ||
  data.test(Object.prototype.toString.call(body))

/** By name, since not every platform has all of these classes. */
const data = /^\[object (?:ArrayBuffer|SharedArrayBuffer|Blob|File|FormData|URLSearchParams)\]$/
