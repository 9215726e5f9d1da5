/**
 * Faults of which the platform's code, or a specification, makes certain that no server has processed the request.
 *
 * - No connection was made: `connect` of the system was refused, or a name did not resolve. Node.js names the call that failed
 *   (https://nodejs.org/api/errors.html#errorsyscall), Deno the step, and Bun has codes for these alone.
 * - `REFUSED_STREAM` of HTTP/2: "closed prior to any processing having occurred", RFC 9113, section 8.7.
 *
 * Behind a redirect that was followed, a fault is that of another request: the first one may have been processed.
 */
import { causesOf, messageOf, read } from "../tools/errors.ts"

/** Whether the request that failed with `cause`, and no other before it, was surely not processed. */
export const isUnprocessed = (cause: unknown): boolean => causesOf(cause).some(showsIt)

const showsIt = (error: object): boolean => {
  const code = read(error, "code")
  const errors = read(error, "errors")
  // one error for each address of a name
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnmade)
  return isUnmade(error) || code === "HTTP2RefusedStream" ||
    (code === "ERR_HTTP2_STREAM_ERROR" && messageOf(error).endsWith("NGHTTP2_REFUSED_STREAM")) ||
    ofDeno.test(messageOf(error))
}

/** Whether no connection was made. */
const isUnmade = (error: unknown): boolean => {
  const [code, syscall] = [read(error, "code"), read(error, "syscall")]
  return (code === "ECONNREFUSED" && (syscall === "connect" || read(error, "name") === "TypeError")) ||
    ((code === "ENOTFOUND" || code === "EAI_AGAIN") && messageOf(error).startsWith("getaddrinfo "))
}

/** Deno's texts, which have no codes. */
const ofDeno =
  /client error \(Connect\): (?:tcp connect error: Connection refused|dns error: )|^stream error received: refused stream before/

/** Whether an error is one of `fetch`, which follows redirects unless it is told otherwise. */
export const isOfFetch = (error: unknown): boolean => read(error, "name") === "TypeError"
