/**
 * Which requests may be sent twice.
 */
import type * as HttpBody from "effect/http/HttpBody"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

/** The methods that RFC 9110 calls idempotent: sent twice, they mean the same as sent once. */
export const methods: ReadonlyArray<string> = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]

/** The header that lets a server know a request again, whatever the method, unless another one is named. */
export const keyHeader = "Idempotency-Key"

/** The key of a request, if it has one. An empty one is none: it would be the same for all requests. */
export const keyOf = ({ headers }: HttpClientRequest.HttpClientRequest, header: string): string | undefined =>
  headers[header.toLowerCase()]?.trim() || undefined

/** Why a request is not sent twice. */
export interface Refusal {
  /** Whether that was to be expected: it is a rule about methods, known before. */
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
    return { expected: true, why: `${request.method} is not idempotent, and there is no ${header}` }
  }
  return isReplayable(request.body) ? undefined : { expected: false, why: "the body can be sent only once" }
}

/** A stream may be used up; whether it is cannot be seen. */
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

/** Whether a body, in whatever form the platform takes it, is there as a whole. */
const isData = (body: unknown): boolean =>
  body === undefined || body === null || typeof body === "string" || ArrayBuffer.isView(body) ||
  data.test(Object.prototype.toString.call(body))

/** By name, since not every platform has all of them. */
const data = /^\[object (?:ArrayBuffer|SharedArrayBuffer|Blob|File|FormData|URLSearchParams)\]$/
