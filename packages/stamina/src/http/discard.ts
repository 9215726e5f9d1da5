/**
 * Discards a response that is retried, so that its connection can be used again or is closed.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import { maxBytes, maxMillis } from "./limits.ts"

/** Reads the rest of a body in the background, or breaks it off if it is too long. */
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
  // read like that, the body can still be read from the response in a DeadlineExceeded
  if (length <= maxBytes && headers["content-encoding"] === undefined) return response.arrayBuffer
  let bytes = 0
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => {
      bytes += chunk.byteLength
      return Math.max(bytes, length || 0) <= maxBytes
    }))
}
