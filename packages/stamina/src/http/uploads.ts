/**
 * Bodies that are streams: which of them may be sent again.
 */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Stream from "effect/Stream"
import { isData } from "./idempotency.ts"

/** Bodies that begin anew whenever they are sent. */
const anew = /*#__PURE__*/ new WeakSet<HttpBody.HttpBody>()

/** Makes a body that begins anew whenever it is sent. */
export const bodyAnew = <E, E2>(
  make: () => Stream.Stream<Uint8Array, E> | Effect.Effect<Stream.Stream<Uint8Array, E>, E2>,
  options: { readonly contentType?: string | undefined; readonly contentLength?: number | undefined }
): HttpBody.Stream => {
  const stream = Stream.unwrap(
    Effect.suspend((): Effect.Effect<Stream.Stream<Uint8Array, E>, E2> => {
      const made = make()
      return Stream.isStream(made) ? Effect.succeed(made) : made
    })
  )
  const body = HttpBody.stream(stream, options.contentType, options.contentLength)
  anew.add(body)
  return body
}

/** Streams that callers have handed over in their requests: nobody makes them again. */
const handedOver = /*#__PURE__*/ new WeakSet<object>()

/** Notes the body of a request before anything prepares that. */
export const noteHandedOver = (body: HttpBody.HttpBody): void => {
  const stream = streamOf(body)
  if (stream !== undefined) handedOver.add(stream)
}

/** The object that can be sent once; undefined for a body that can be sent again. */
export const streamOf = (body: HttpBody.HttpBody): object | undefined => {
  if (body._tag === "Stream") return anew.has(body) ? undefined : body.stream
  // what is not data is an object
  return body._tag === "Raw" && !isData(body.body) ? body.body as object : undefined
}

/** Whether a body may be sent again: as it is, or since what prepares its request makes it anew. */
export const mayComeAgain = (body: HttpBody.HttpBody): boolean => {
  const stream = streamOf(body)
  return stream === undefined || !handedOver.has(stream)
}
