/**
 * Faults that no retry can mend, told by the codes that platforms give their errors. Every other fault of the transport
 * passes: it is retried.
 */
import { causesOf, read } from "../tools/errors.ts"
import { codeOfOpenSsl, isFinalTlsFault } from "../tools/tlsFaults.ts"

/**
 * The codes of final faults, by where they come from.
 *
 * - TLS and certificates: `tools/tlsFaults.ts`.
 * - `ERR_*`: Node.js about a request that it cannot send, or may not (https://nodejs.org/api/errors.html).
 * - `HPE_HEADER_OVERFLOW`, `UND_ERR_*`: responses over a limit, requests that cannot be sent, redirects that do not end,
 *   aborted requests and closed clients, of Node.js and undici
 *   (https://github.com/nodejs/undici/blob/main/docs/docs/api/Errors.md).
 * - `ERR_FR_TOO_MANY_REDIRECTS`: the npm package follow-redirects. `ABORT_ERR`: Node.js's `AbortError`.
 */
const final: ReadonlyArray<RegExp> = [
  /^ERR_(?:INVALID_|UNESCAPED_|HTTP_|OSSL_|CRYPTO_|SOCKET_BAD_PORT$|ACCESS_DENIED$|METHOD_NOT_IMPLEMENTED$)/,
  /^UND_ERR_(?:INVALID_|NOT_SUPPORTED$|REQ_CONTENT_LENGTH|BPL_MISSING_UPSTREAM$|MAX_ORIGINS_REACHED$)/,
  /^(?:HPE_HEADER_OVERFLOW|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_EXCEEDED_MAX_SIZE)$/,
  /^(?:UND_ERR_REDIRECT_MAX|ERR_FR_TOO_MANY_REDIRECTS)$/,
  /^(?:UND_ERR_(?:ABORT|ABORTED|DESTROYED|CLOSED)|ABORT_ERR)$/
]

/** The codes of connections that broke while a body was read: of the system, undici, Node.js's HTTP parser, and zlib. */
const brokenOff = /^(?:E[A-Z]+$|UND_ERR_|HPE_|ERR_STREAM_PREMATURE_CLOSE$|Z_BUF_ERROR$)/

/**
 * The messages of a `TypeError` of `fetch` without a code that stand for a fault of the network, by the list of the npm
 * package is-network-error, and those for bodies: Chrome, Firefox, Safari, React Native, undici, Cloudflare Workers, Deno.
 */
const ofNetwork = /*#__PURE__*/ new RegExp(
  `^\\s*(?:${
    [
      "fetch failed",
      "terminated",
      "failed to fetch",
      "load failed",
      "network ?error",
      "a network error",
      "network request (?:failed|timed out)",
      "network connection lost",
      "the (?:network|internet) connection ",
      "the request timed out",
      "could not connect to the server",
      "a server with the specified hostname",
      "error sending request",
      "error reading a body",
      "error in (?:body|input) stream"
    ].join("|")
  })`,
  "i"
)

/** Whether a request that failed with `cause` fails with it again, however often it is sent. */
export const isFinal = (cause: unknown): boolean => {
  const causes = causesOf(cause)
  const codes = codesOf(causes)
  if (causes.some(isAbort) || codes.some(isFinalCode)) return true
  const [error, inner] = causes
  if (codes.length > 0 || read(error, "name") !== "TypeError") return false
  // what undici's `fetch` refuses by itself, as a scheme, a port or a redirect, is a plain `Error` below its own
  const message = String(read(error, "message"))
  return !ofNetwork.test(message) || (message === "fetch failed" && read(inner, "name") === "Error")
}

/** Whether a body could not be read because the connection broke, and not for what stands in it. */
export const isBrokenOff = (cause: unknown): boolean => {
  if (isFinal(cause)) return false
  const causes = causesOf(cause)
  const codes = codesOf(causes)
  // where there is a code it decides: undici's "terminated" also stands before a body that cannot be decompressed
  return codes.length > 0 ? codes.some((code) => brokenOff.test(code)) : read(causes[0], "name") === "TypeError"
}

const isFinalCode = (code: string): boolean => isFinalTlsFault(code) || final.some((row) => row.test(code))

const isAbort = (error: object): boolean => read(error, "name") === "AbortError"

/** The codes of an error and of what it was caused by. */
const codesOf = (causes: ReadonlyArray<object>): ReadonlyArray<string> =>
  causes.flatMap((error) => {
    const code = codeOfOpenSsl(error)
    return typeof code === "string" ? [code] : []
  })
