/**
 * Faults that no retry can mend, known by the codes, names and texts that platforms give their errors. Every other fault of
 * the transport passes: it is retried. docs/http-faults.md shows what each fault looks like on each platform.
 */
import { causesOf, messageOf, read } from "../tools/errors.ts"
import { codeOfOpenSsl, isFinalTlsFault, isFinalTlsText } from "../tools/tlsFaults.ts"

/**
 * The codes of final faults, by where they come from.
 *
 * - TLS and certificates: `tools/tlsFaults.ts`.
 * - `ERR_*`: Node.js about a request that it cannot send, or may not (https://nodejs.org/api/errors.html). Of HTTP/2 these
 *   are the ones about headers and options: a session or a stream that is gone passes.
 * - `HPE_HEADER_OVERFLOW`, `UND_ERR_*`: responses over a limit, requests that cannot be sent, redirects that do not end,
 *   aborted requests and closed clients, of Node.js and undici
 *   (https://github.com/nodejs/undici/blob/main/docs/docs/api/Errors.md).
 * - `ERR_FR_TOO_MANY_REDIRECTS`: the npm package follow-redirects. `ABORT_ERR`: Node.js's `AbortError`.
 * - CamelCase: Bun's, from the names of errors in its program (1.4.5).
 */
const final: ReadonlyArray<RegExp> = [
  /^ERR_(?:INVALID_|UNESCAPED_|HTTP_|OSSL_|CRYPTO_|SOCKET_BAD_PORT$|ACCESS_DENIED$|METHOD_NOT_IMPLEMENTED$)/,
  /^ERR_HTTP2_(?:CONNECT_|HEADER_|PSEUDOHEADER_|INVALID_(?:HEADER_|PSEUDOHEADER$|CONNECTION_HEADERS$|SETTING_))/,
  /^UND_ERR_(?:INVALID_|NOT_SUPPORTED$|REQ_CONTENT_LENGTH|BPL_MISSING_UPSTREAM$|MAX_ORIGINS_REACHED$)/,
  /^(?:HPE_HEADER_OVERFLOW|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_EXCEEDED_MAX_SIZE)$/,
  /^(?:UND_ERR_REDIRECT_MAX|ERR_FR_TOO_MANY_REDIRECTS)$/,
  /^(?:UND_ERR_(?:ABORT|ABORTED|DESTROYED|CLOSED)|ABORT_ERR)$/,
  /^(?:TooManyRedirects|UnexpectedRedirect|UnsupportedRedirectProtocol|RedirectURL\w+|InvalidRedirectURL)$/,
  /^(?:UnsupportedProxyProtocol|RequestBody(?:NotReusable|LengthMismatch))$/,
  /^(?:ResponseHeadersTooLarge|HTTP2HeaderListTooLarge)$/
]

/** The names of errors about a request that somebody aborted, or that Deno does not allow. */
const finalNames: ReadonlySet<unknown> = /*#__PURE__*/ new Set(["AbortError", "NotCapable", "PermissionDenied"])

/**
 * What undici's `fetch` refuses by itself: all texts of its `makeNetworkError`, which are the same in undici 6, 7 and 8.
 * Such an error has no code and stands below "fetch failed". There Deno's faults of the network have no code either, and
 * a list of those could not be complete.
 */
const refusals: ReadonlyArray<RegExp> = [
  /^(?:bad port|blocked|cors failure|invalid method|local URLs only|only if cached|un(?:known scheme|expected redirect))$/,
  /^(?:about scheme |cross origin |failed to fetch the data|not implemented|proxy authentication|Range start is greater)/,
  /^(?:redirect (?:count exceeded|mode cannot)|request mode cannot|URL (?:cannot contain credentials|scheme must be))/
]

/**
 * The codes of connections that broke while a body was read: of the system, undici, Node.js's HTTP parser, HTTP/2 in
 * Node.js and in Bun, zlib, and older versions of Bun. A list of what passes: a body that makes no sense has other codes,
 * more than anybody can name.
 */
const brokenOff: RegExp =
  /^(?:E[A-Z]+$|UND_ERR_|HPE_|ERR_HTTP2_|HTTP2[A-Z]|ERR_STREAM_PREMATURE_CLOSE$|Z_BUF_ERROR$|ConnectionClosed$)/

/**
 * The messages of a `TypeError` of `fetch` without a code that stand for a fault of the network, by the list of the npm
 * package is-network-error, and those for bodies: Chrome, Firefox, Safari, React Native, undici, Cloudflare Workers, Deno.
 */
const ofNetwork = /*#__PURE__*/ new RegExp(
  `^\\s*(?:${
    [
      // Deno goes on, "Fetch failed: Maximum number of redirects (20) reached", where it refuses a request by itself
      "fetch failed$",
      "terminated$",
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
  if (causes.some(isFinalItself)) return true
  const [error, inner] = causes
  if (codesOf(causes).length > 0 || read(error, "name") !== "TypeError") return false
  const message = messageOf(error)
  return !ofNetwork.test(message) || (message === "fetch failed" && refusals.some((row) => row.test(messageOf(inner))))
}

/** Whether a body could not be read because the connection broke, and not because of its content. */
export const isBrokenOff = (cause: unknown): boolean => {
  if (isFinal(cause)) return false
  const causes = causesOf(cause)
  const codes = codesOf(causes)
  // if there is a code it decides: undici's "terminated" also stands before a body that cannot be decompressed
  return codes.length > 0 ? codes.some((code) => brokenOff.test(code)) : read(causes[0], "name") === "TypeError"
}

/** Whether an error is final, whatever it was caused by. */
const isFinalItself = (error: object): boolean => {
  if (finalNames.has(read(error, "name"))) return true
  const code = codeOfOpenSsl(error)
  return typeof code === "string"
    ? isFinalTlsFault(code) || final.some((row) => row.test(code))
    : isFinalTlsText(messageOf(error))
}

/** The codes of an error and of what it was caused by. */
const codesOf = (causes: ReadonlyArray<object>): ReadonlyArray<string> =>
  causes.flatMap((error) => {
    const code = codeOfOpenSsl(error)
    return typeof code === "string" ? [code] : []
  })
