/**
 * Faults that no retry can mend, told by the codes that platforms give their errors. Every other fault of the transport
 * passes: it is retried.
 */
import { causesOf, read } from "../tools/errors.ts"

/**
 * The codes of final faults, by where they come from.
 *
 * - X.509: the results of verifying a certificate, as Node.js names them after OpenSSL's `X509_V_ERR_*`
 *   (https://nodejs.org/api/tls.html#x509-certificate-error-codes). `OUT_OF_MEM` passes.
 * - `ERR_TLS_*`: Node.js about a certificate or the options of a connection (https://nodejs.org/api/errors.html). A
 *   handshake that takes too long passes.
 * - `ERR_SSL_*`: Node.js's name for an error of OpenSSL (its `ssl/ssl_err.c`): no TLS on the other side, no version,
 *   cipher or key size that both accept, or an alert (RFC 8446, section 6.2) that refuses this client or its certificate.
 *   Alerts about a damaged record or about trouble inside the server pass.
 * - `ERR_*`: Node.js about a request that it cannot send, or may not (https://nodejs.org/api/errors.html).
 * - `HPE_HEADER_OVERFLOW`, `UND_ERR_*`: responses over a limit, requests that cannot be sent, redirects that do not end,
 *   aborted requests and closed clients, of Node.js and undici
 *   (https://github.com/nodejs/undici/blob/main/docs/docs/api/Errors.md).
 * - `ERR_FR_TOO_MANY_REDIRECTS`: the npm package follow-redirects. `ABORT_ERR`: Node.js's `AbortError`.
 */
const final: ReadonlyArray<RegExp> = [
  /^(?:CERT|CRL|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|ERROR_IN_(?:CERT|CRL))(?:_|$)/,
  /^UNABLE_TO_(?:GET_(?:ISSUER_CERT|CRL)|DECRYPT_(?:CERT|CRL)_|DECODE_ISSUER_|VERIFY_LEAF_)/,
  /^(?:INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/,
  /^ERR_TLS_(?!HANDSHAKE_TIMEOUT$)/,
  /^ERR_SSL_(?:WRONG_|UNSUPPORTED_|UNKNOWN_|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|VERSION_TOO_)/,
  /^ERR_SSL_(?:NO_(?:PROTOCOLS|CIPHERS|SHARED)_|CERTIFICATE_VERIFY_|UNSAFE_LEGACY_|\w*_(?:TOO_SMALL|TOO_WEAK)$)/,
  /^ERR_SSL_\S+_ALERT_(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|ACCESS_DENIED|ILLEGAL_PARAMETER)$/,
  /^ERR_SSL_\S+_ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|EXPORT_RESTRICTION|NO_(?:RENEGOTIATION|APPLICATION_PROTOCOL))$/,
  /^ERR_SSL_TLSV1\w*_(?:UNRECOGNIZED_NAME|UNSUPPORTED_EXTENSION|MISSING_EXTENSION|BAD_CERTIFICATE\w+)$/,
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
  if (causes.some(isAbort) || codes.some((code) => final.some((row) => row.test(code)))) return true
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

const isAbort = (error: object): boolean => read(error, "name") === "AbortError"

/** The codes of an error and of what it was caused by. */
const codesOf = (causes: ReadonlyArray<object>): ReadonlyArray<string> =>
  causes.flatMap((error) => {
    const code = read(error, "code")
    return typeof code !== "string" ? [] : code === "EPROTO" ? ofOpenSsl(error) : [code]
  })

/** `node:https` says `EPROTO` for all that OpenSSL says, and the rest in the message. */
const ofOpenSsl = (error: object): ReadonlyArray<string> => {
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(String(read(error, "message")))?.[1]
  return [reason === undefined ? "EPROTO" : `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`]
}
