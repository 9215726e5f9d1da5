/**
 * Faults of TLS that come again on every connection: a certificate that is not trusted, or no terms that both sides accept.
 */
import { read } from "./errors.ts"

/**
 * The codes, by where they come from.
 *
 * - X.509: the results of verifying a certificate, as Node.js names them after OpenSSL's `X509_V_ERR_*`
 *   (https://nodejs.org/api/tls.html#x509-certificate-error-codes). `OUT_OF_MEM` passes.
 * - `ERR_TLS_*`: Node.js about a certificate or the options of a connection (https://nodejs.org/api/errors.html). A
 *   handshake that takes too long passes.
 * - `ERR_SSL_*`: Node.js's name for an error of OpenSSL (its `ssl/ssl_err.c`): no TLS on the other side, no version,
 *   cipher or key size that both accept, or an alert (RFC 8446, section 6.2) that refuses this client or its certificate.
 *   Alerts about a damaged record or about trouble inside the server pass.
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
  /^ERR_SSL_TLSV1\w*_(?:UNRECOGNIZED_NAME|UNSUPPORTED_EXTENSION|MISSING_EXTENSION|BAD_CERTIFICATE\w+)$/
]

/** Whether a connection that failed with this code fails with it again, however often it is made. */
export const isFinalTlsFault = (code: string): boolean => final.some((row) => row.test(code))

/**
 * The code of an error. Node.js gives `EPROTO` for all that OpenSSL reports, and the rest in the message: that becomes the
 * code that `ERR_SSL_*` has elsewhere.
 */
export const codeOfOpenSsl = (error: object): unknown => {
  const code = read(error, "code")
  const reason = code === "EPROTO"
    ? /:SSL routines:[^:]*:([^:]+):/.exec(String(read(error, "message")))?.[1]
    : undefined
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`
}
