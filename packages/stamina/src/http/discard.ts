/**
 * Letting go of a response that nobody is going to read, so that its connection can be used again, or is closed.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

/** More than this of a body is not worth a connection. */
export const maxBytes = 65_536

/** Nor is a longer time, in milliseconds. */
const maxMillis = 5000

/** Reads what is left of a body, or breaks it off where that is too much; in the background. */
export const discard = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<void> =>
  Effect.suspend(() => drain(response)).pipe(
    Effect.timeoutOption(maxMillis),
    Effect.ignoreCause,
    Effect.forkChild({ startImmediately: true }),
    Effect.asVoid
  )

const drain = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<unknown, HttpClientError.HttpClientError> => {
  const { headers } = response
  const length = Number(headers["content-length"])
  // read like that, it can still be had from the response, should that come out after all
  if (length <= maxBytes && headers["content-encoding"] === undefined) return response.arrayBuffer
  let bytes = 0
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => {
      bytes += chunk.byteLength
      return Math.max(bytes, length || 0) <= maxBytes
    }))
}
