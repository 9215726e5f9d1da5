/**
 * The faults that the suite shows to each client: what happens, where a client meets it, and whether it passes.
 */

/** Where the servers of faults are; `FaultServer.ts` opens them. */
export interface Places {
  /** HTTP/1.1 without TLS; the path names the fault. */
  readonly http1: string
  /** HTTP/2 with a certificate that subjects trust; the path names the fault. */
  readonly http2: string
  /** HTTP/1.1 with a certificate that nobody trusts. */
  readonly untrusted: string
  /** A port where nobody listens. */
  readonly nobody: string
  /** Servers that break off every TLS handshake. */
  readonly handshakes: { readonly reset: string; readonly closed: string }
  /** A server that answers every TLS handshake with an alert, by the alert's name. */
  readonly alerts: Readonly<Record<AlertName, string>>
  /** The certificate of `http2`, as PEM. */
  readonly ca: string
}

/** Alerts of TLS with their numbers (RFC 8446, section 6). */
export const alerts = { handshake_failure: 40, protocol_version: 70, internal_error: 80, bad_record_mac: 20 } as const
export type AlertName = keyof typeof alerts

export interface Fault {
  /** The path at the server that shows it, and the name of its row in the docs. */
  readonly name: string
  /** What happens, in a reader's words. */
  readonly what: string
  readonly url: (places: Places) => string
  /** Whether the fault passes, so that a retry is worth it. */
  readonly passes: boolean
  /** Whether only clients that speak HTTP/2 can meet it. */
  readonly http2?: boolean
  /** Milliseconds that an attempt may take; without it, as long as it likes. */
  readonly attemptTimeout?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Given to `fetch`; other clients have no such thing and are not asked. */
  readonly redirect?: "error"
  /** The only subject that can meet it. */
  readonly only?: string
  /** Subjects that decide otherwise, since to them the fault looks like another one. */
  readonly except?: ReadonlyArray<string>
}

const at = (path: string) => (places: Places): string => `${places.http1}/${path}`
const over2 = (path: string) => (places: Places): string => `${places.http2}/${path}`
const passing = (name: string, what: string, url = at(name)): Fault => ({ name, what, url, passes: true })
const final = (name: string, what: string, url = at(name)): Fault => ({ name, what, url, passes: false })
const passing2 = (name: string, what: string): Fault => ({ ...passing(name, what, over2(name)), http2: true })
const alert = (name: AlertName, passes: boolean): Fault =>
  (passes ? passing : final)(`alert-${name}`, `a TLS alert: ${name}`, ({ alerts }) => alerts[name])

export const faults: ReadonlyArray<Fault> = [
  passing("refused", "nobody listens", ({ nobody }) => nobody),
  passing("dns", "the name does not resolve", () => "http://nowhere.invalid/"),
  passing("reset", "a reset before the headers"),
  passing("closed", "the connection ends before the headers"),
  { ...passing("hang", "no answer, until `attemptTimeout`"), attemptTimeout: 300 },
  passing("malformed", "an answer that is no HTTP"),
  passing("body-reset", "a reset within the body"),
  passing("body-closed", "the connection ends within the body"),
  passing("chunked-reset", "a reset within a chunked body"),
  passing("chunked-closed", "the connection ends within a chunked body"),
  passing("gzip-closed", "the connection ends within a compressed, chunked body"),
  { ...passing("stalled", "a body that stalls, until `attemptTimeout`"), attemptTimeout: 300 },
  passing2("h2-reset", "HTTP/2: the stream is reset before the headers"),
  passing2("h2-cancelled", "HTTP/2: the stream is cancelled (CANCEL) before the headers"),
  passing2("h2-refused", "HTTP/2: the stream is refused (REFUSED_STREAM)"),
  passing2("h2-session", "HTTP/2: the session closes before the headers"),
  passing2("h2-goaway", "HTTP/2: GOAWAY with an error before the headers"),
  passing2("h2-body-reset", "HTTP/2: the stream is reset within the body"),
  passing2("h2-body-session", "HTTP/2: the session closes within the body"),
  passing2("h2-body-goaway", "HTTP/2: GOAWAY with an error within the body"),
  passing2("h2-body-socket", "HTTP/2: the connection is reset within the body"),
  passing("tls-reset", "a reset within the TLS handshake", ({ handshakes }) => handshakes.reset),
  passing("tls-closed", "the connection ends within the TLS handshake", ({ handshakes }) => handshakes.closed),
  // Bun says the same of every alert
  { ...alert("internal_error", true), except: ["fetch of Bun"] },
  { ...alert("bad_record_mac", true), except: ["fetch of Bun"] },
  alert("handshake_failure", false),
  alert("protocol_version", false),
  final("self-signed", "a certificate that is not trusted", ({ untrusted }) => untrusted),
  final("no-tls", "no TLS on the other side", ({ http1 }) => http1.replace("http:", "https:")),
  final("redirects", "redirects without end"),
  { ...final("redirect", "a redirect, with `redirect: \"error\"`"), redirect: "error" },
  {
    ...final("port", "a port that browsers block", () => "http://127.0.0.1:6000/"),
    // these block none, and nobody listens there
    except: ["undici, HTTP/1.1", "node:http", "fetch of Bun"]
  },
  final("scheme", "a scheme that is not HTTP", ({ http1 }) => http1.replace("http:", "gopher:")),
  { ...final("header", "a header with a line break", ({ http1 }) => http1), headers: { "x-name": "a\nb" } },
  {
    ...final("permission", "a host that the program may not reach", () => "http://127.0.0.2/"),
    only: "fetch of Deno"
  },
  final("no-gzip", "a body that is not compressed as it says")
]
