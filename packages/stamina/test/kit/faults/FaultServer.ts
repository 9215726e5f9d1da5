/**
 * Servers on this machine that show each fault of `faults.ts` on real sockets. They run on Node.js, whatever runtime the
 * clients run on.
 */
import { constants, createSecureServer, type ServerHttp2Stream } from "node:http2"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import * as Tls from "node:tls"
import { gzipSync } from "node:zlib"
import { selfSigned } from "./certificate.ts"
import { type AlertName, alerts, type Places } from "./faults.ts"

export interface FaultServer {
  readonly places: Places
  readonly close: () => Promise<void>
}

/** Opens all of them. */
export const open = async (): Promise<FaultServer> => {
  const trusted = selfSigned("trusted")
  const servers: Array<Server> = []
  const sockets = new Set<Socket>()
  const listen = async (server: Server, scheme: string): Promise<string> => {
    servers.push(server)
    // behind TLS the raw socket is the one to close
    server.on("connection", (socket: Socket) => {
      sockets.add(socket)
      socket.on("error", () => {}).on("close", () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    // an address in use is that of a server on a port, not on a pipe
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const nobody = createServer()
  const nobodyUrl = await listen(nobody, "http")
  await closed(nobody)

  const http2 = createSecureServer(trusted).on("stream", (stream, headers) => {
    stream.on("error", () => {})
    // below TLS lies a socket that can be reset
    const { remotePort } = stream.session?.socket ?? {}
    const below = [...sockets].find((socket) => socket.remotePort === remotePort)
    streams[String(headers[":path"]).slice(1)]?.(stream, below)
  })
  const untrusted = Tls.createServer(selfSigned("untrusted"), (socket) => onRequest(socket.on("error", () => {})))
  const places: Places = {
    http1: await listen(createServer(onRequest), "http"),
    http2: await listen(http2, "https"),
    untrusted: await listen(untrusted, "https"),
    nobody: nobodyUrl,
    handshakes: {
      reset: await listen(createServer((socket) => socket.once("data", () => socket.resetAndDestroy())), "https"),
      closed: await listen(createServer((socket) => socket.once("data", () => socket.end())), "https")
    },
    alerts: {
      handshake_failure: await listen(alerting("handshake_failure"), "https"),
      protocol_version: await listen(alerting("protocol_version"), "https"),
      internal_error: await listen(alerting("internal_error"), "https"),
      bad_record_mac: await listen(alerting("bad_record_mac"), "https")
    },
    ca: trusted.cert
  }
  return {
    places,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map(closed))
    }
  }
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

/** Answers whatever comes first with an alert of TLS: a record of type 21, version 1.2, two bytes, fatal. */
const alerting = (name: AlertName): Server =>
  createServer((socket) => socket.once("data", () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alerts[name]]))))

/** Reads requests, none of which has a body, and shows the faults that their paths name. */
const onRequest = (socket: Socket): void => {
  let text = ""
  socket.on("data", (data) => {
    text += data.toString("latin1")
    // a client that begins with TLS
    if (data[0] === 22) return void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")
    if (!text.includes("\r\n\r\n")) return
    const path = text.split(" ")[1] ?? "/"
    text = ""
    const show = connections[path.slice(1)]
    if (show === undefined) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    else show(socket)
  })
}

/** What has been written arrives before what comes next: a reset overtakes what has not been read. */
const afterwards = (f: () => void): void => void setTimeout(f, 50)

const withLength = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf"
const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"
const compressed = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"

const connections: Readonly<Record<string, (socket: Socket) => void>> = {
  reset: (socket) => socket.resetAndDestroy(),
  closed: (socket) => socket.end(),
  hang: () => {},
  malformed: (socket) => socket.end("Ceci n'est pas une reponse\r\n\r\n"),
  "body-reset": (socket) => socket.write(withLength, () => afterwards(() => socket.resetAndDestroy())),
  "body-closed": (socket) => socket.write(withLength, () => afterwards(() => socket.end())),
  "chunked-reset": (socket) => socket.write(chunked, () => afterwards(() => socket.resetAndDestroy())),
  "chunked-closed": (socket) => socket.write(chunked, () => afterwards(() => socket.end())),
  "gzip-closed": (socket) => {
    const part = gzipSync("a text that is long enough to be broken off").subarray(0, 20)
    socket.write(compressed)
    socket.write(`${part.length.toString(16)}\r\n`)
    socket.write(part)
    socket.write("\r\n", () => afterwards(() => socket.end()))
  },
  stalled: (socket) => socket.write(withLength),
  redirects: (socket) => socket.write("HTTP/1.1 302 Found\r\nlocation: /redirects\r\ncontent-length: 0\r\n\r\n"),
  redirect: (socket) => socket.write("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
  "no-gzip": (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\nno gzip")
}

/** What happens to a stream of HTTP/2, on a connection. */
type OnStream = (stream: ServerHttp2Stream, socket: Socket | undefined) => void

/** Sends headers and a part of the body, and then lets something happen. */
const within = (then: OnStream): OnStream => (stream, socket) => {
  stream.respond({ ":status": 200 })
  stream.write("half", () => afterwards(() => then(stream, socket)))
}
const destroySession: OnStream = (stream) => stream.session?.destroy()
const goAway: OnStream = (stream) => {
  stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0)
  afterwards(() => stream.session?.destroy())
}

const streams: Readonly<Record<string, OnStream>> = {
  "h2-reset": (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  "h2-cancelled": (stream) => stream.close(constants.NGHTTP2_CANCEL),
  "h2-refused": (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  "h2-session": destroySession,
  "h2-goaway": goAway,
  // `close` would end the body first
  "h2-body-reset": within((stream) => void stream.destroy(new Error("INTERNAL_ERROR"))),
  "h2-body-session": within(destroySession),
  "h2-body-goaway": within(goAway),
  "h2-body-socket": within((_stream, socket) => socket?.resetAndDestroy())
}
