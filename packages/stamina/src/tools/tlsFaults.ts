/**
 * Faults of TLS that come again on every connection: a certificate that is not trusted, or no terms that both sides accept.
 */
import { causesOf, messageOf, read } from "./errors.ts"

/**
 * The codes, by where they come from.
 *
 * - X.509: the results of verifying a certificate, as Node.js names them after OpenSSL's `X509_V_ERR_*`
 *   (https://nodejs.org/api/tls.html#x509-certificate-error-codes). `OUT_OF_MEM` passes.
 * - `ERR_TLS_*`: Node.js about a certificate or the options of a connection (https://nodejs.org/api/errors.html). A
 *   handshake that takes too long passes.
 * - `ERR_SSL_*`: Node.js's name for an error of OpenSSL (its `ssl/ssl_err.c`): no TLS on the other side, no version,
 *   cipher or key size that both accept. Alerts stand below.
 * - `TLSHandshakeFailed`, `InvalidCRL`: Bun.
 */
const final: ReadonlyArray<RegExp> = [
  /^(?:CERT|CRL|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|ERROR_IN_(?:CERT|CRL))(?:_|$)/,
  /^UNABLE_TO_(?:GET_(?:ISSUER_CERT|CRL)|DECRYPT_(?:CERT|CRL)_|DECODE_ISSUER_|VERIFY_LEAF_)/,
  /^(?:INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/,
  /^ERR_TLS_(?!HANDSHAKE_TIMEOUT$)/,
  /^ERR_SSL_(?:WRONG_|UNSUPPORTED_|UNKNOWN_|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|VERSION_TOO_)/,
  /^ERR_SSL_(?:NO_(?:PROTOCOLS|CIPHERS|SHARED)_|CERTIFICATE_VERIFY_|UNSAFE_LEGACY_|\w*_(?:TOO_SMALL|TOO_WEAK)$)/,
  /^(?:TLSHandshakeFailed|InvalidCRL)$/
]

/**
 * The alerts (RFC 8446, section 6.2) that refuse this client or its certificate, in small letters and without underscores.
 * The others pass: they are about a damaged record or about trouble inside the server.
 */
const finalAlert: ReadonlyArray<RegExp> = [
  /certificate|^(?:handshakefailure|protocolversion|insufficientsecurity|accessdenied|illegalparameter|unknownca)$/,
  /^(?:exportrestriction|norenegotiation|noapplicationprotocol|unrecogni[sz]edname|(?:unsupported|missing)extension)$/
]

/** An alert in the code of an error of OpenSSL, and in a text of rustls, which Deno uses. */
const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)_(?:ALERT_)?(\w+)$/
const alertText = /received fatal alert: (\w+)/

/** What else rustls says of a certificate that is refused, and of a server that speaks no TLS, or no version of it. */
const tlsText =
  /invalid peer certificate|received corrupt message|peer is incompatible|doesn't support any known protocol/

/** Whether a connection that failed with this code fails with it again, however often it is made. */
export const isFinalTlsFault = (code: string): boolean =>
  isFinalAlert(alert.exec(code)) || final.some((row) => row.test(code))

/** The same for the message of an error without a code, as Deno's are. */
export const isFinalTlsText = (text: string): boolean => tlsText.test(text) || isFinalAlert(alertText.exec(text))

const isFinalAlert = (match: RegExpExecArray | null): boolean => {
  const name = match?.[1]?.replaceAll("_", "").toLowerCase() ?? ""
  return finalAlert.some((row) => row.test(name))
}

/**
 * The code of an error. `EPROTO` stands for all that goes wrong with TLS, and the message says what. In Node.js it is
 * OpenSSL's and becomes the code that `ERR_SSL_*` has elsewhere. Bun's becomes `TLSHandshakeFailed`.
 */
export const codeOfOpenSsl = (error: object): unknown => {
  const code = read(error, "code")
  return code === "EPROTO" ? ofProtocol(messageOf(error)) : code
}

const ofProtocol = (message: string): string => {
  // Bun says so whatever the server answers, and has ECONNRESET where the connection breaks
  if (message.includes("The TLS handshake failed")) return "TLSHandshakeFailed"
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1]
  return reason === undefined ? "EPROTO" : `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`
}

/** Whether an error, or one that it was caused by, is such a fault. */
export const isFinalTlsCause = (cause: unknown): boolean =>
  causesOf(cause).some((error) => {
    const code = codeOfOpenSsl(error)
    return typeof code === "string" ? isFinalTlsFault(code) : isFinalTlsText(messageOf(error))
  })
