/**
 * Which statuses say "not now".
 */

/**
 * The statuses that are retried. From 520 on they are not registered, but in wide use: a proxy's word for what would be a
 * fault of the transport if there were no proxy. 520 to 524 and 530 are Cloudflare's for nonsense, a refused connection, a
 * connection that times out, a host out of reach, an answer that takes too long, and a name that does not resolve
 * (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/). 529 means "overloaded".
 * 525 and 526 are about the TLS and the certificate of the server behind, and so they are final, as such faults are.
 */
export const statuses: ReadonlyArray<number> = [
  408,
  425,
  429,
  500,
  502,
  503,
  504,
  520,
  521,
  522,
  523,
  524,
  529,
  530
]
