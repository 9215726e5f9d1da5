/**
 * An HTTP server on a port of its own that misbehaves as told, and writes down what it really sees.
 */
import { Effect } from "effect"
import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"

/** What the server does about one request. */
export type Behaviour = (response: Http.ServerResponse, socket: Socket) => void

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
  /** Milliseconds on the monotonic clock. */
  readonly at: number
}

export class BadServer {
  readonly seen: Array<Seen> = []
  /** The sockets that are open. */
  readonly sockets: Set<Socket> = new Set<Socket>()
  /** How many sockets there have been. */
  connections = 0
  port = 0
  private behaviours: Array<Behaviour> = []
  private readonly http = Http.createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (chunk: string) => body += chunk).on("end", () => {
      const { headers, method = "", socket, url: path = "" } = request
      this.seen.push({ method, path, headers, body, at: performance.now() })
      const [behaviour = answer(500, { body: "one request too many" })] = this.behaviours
      // the last one is for all further requests
      if (this.behaviours.length > 1) this.behaviours.shift()
      behaviour(response, socket)
    })
    request.on("error", () => {})
    response.on("error", () => {})
  }).on("connection", (socket: Socket) => {
    this.connections++
    this.sockets.add(socket)
    socket.on("error", () => {}).on("close", () => this.sockets.delete(socket))
  })

  /** What to do, request by request; the last for all further ones. */
  script(...behaviours: ReadonlyArray<Behaviour>): void {
    this.behaviours = [...behaviours]
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Milliseconds between one request and the next. */
  get gaps(): ReadonlyArray<number> {
    return this.seen.slice(1).map(({ at }, i) => at - (this.seen[i]?.at ?? NaN))
  }

  readonly listen: Effect.Effect<void> = Effect.callback<void>((resume) => {
    this.http.listen(this.port, "127.0.0.1", () => {
      this.port = (this.http.address() as AddressInfo).port
      resume(Effect.void)
    })
  })

  /** Stops listening, closes the sockets that are idle, and says how many are then left. */
  readonly close: Effect.Effect<number> = Effect.callback<number>((resume) => {
    this.http.close()
    const end = performance.now() + 1000
    const look = () => {
      if (this.sockets.size > 0 && performance.now() < end) setTimeout(look, 5)
      else resume(Effect.succeed(this.sockets.size))
    }
    look()
  })

  /** Whatever is left. */
  readonly destroy: Effect.Effect<void> = Effect.sync(() => {
    this.http.close()
    this.http.closeAllConnections()
  })
}

export const badServer = Effect.acquireRelease(
  Effect.suspend(() => {
    const server = new BadServer()
    return Effect.as(server.listen, server)
  }),
  (server) => server.destroy
)

/** Answers properly. */
export const answer = (
  status: number,
  { body = `status ${status}`, headers = {} }: {
    readonly body?: string | Buffer
    readonly headers?: Http.OutgoingHttpHeaders
  } = {}
): Behaviour =>
(response) => {
  // no body where there must be none
  if (status === 204 || status === 304) response.writeHead(status, headers).end()
  else response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers }).end(body)
}

/** Answers properly, in chunks: the length is not known before. */
export const chunked = (status: number, body: string | Buffer): Behaviour => (response) => {
  response.writeHead(status)
  response.write(body)
  response.end("the end")
}

/** Breaks the connection off without a word. */
export const reset: Behaviour = (_response, socket) => {
  socket.resetAndDestroy()
}

/** Ends the connection without a word. */
export const end: Behaviour = (_response, socket) => {
  socket.end()
}

/** Breaks the connection off in the middle of the headers. */
export const resetInHeaders: Behaviour = (_response, socket) => {
  socket.write("HTTP/1.1 200 OK\r\ncontent-le", () => socket.resetAndDestroy())
}

/** Breaks the connection off after the headers, and a part of the body if there is any. */
export const resetInBody = (part = ""): Behaviour => (response, socket) => {
  response.writeHead(200, { "content-length": "1000" })
  response.flushHeaders()
  if (part !== "") response.write(part)
  // a reset overtakes what has not been read
  setTimeout(() => socket.resetAndDestroy(), 100)
}

/** What is no HTTP. */
export const garbage: Behaviour = (_response, socket) => {
  socket.end("Ceci n'est pas une reponse\r\n\r\n")
}

/** Never answers. */
export const hang: Behaviour = () => {}

/** Answers at once, and then the body comes so slowly that nobody waits for its end. */
export const drip = (status: number): Behaviour => (response, socket) => {
  response.writeHead(status, { "content-length": "100000" })
  const timer = setInterval(() => response.write("."), 5)
  socket.on("close", () => clearInterval(timer))
}

/** Answers properly, and ends the connection that it promised to keep, while the client may be using it again. */
export const halfClose = (status: number): Behaviour => (response, socket) => {
  response.writeHead(status, { "content-length": "2", connection: "keep-alive" })
  response.end("ok", () => setTimeout(() => socket.end(), 10))
}
