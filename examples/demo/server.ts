/**
 * A server that misbehaves as it is told, on Node's own `http` and `net`, and keeps a record of what it really saw.
 */
import { Effect, Random, type Scope } from "effect"
import * as Http from "node:http"
import type { Socket } from "node:net"

/** What the server does to a request. */
export type Mood = "reset" | "hang" | "503" | "404" | "ok"

/** A request that arrived. */
export interface Seen {
  readonly path: string
  readonly mood: Mood
  /** The header by which a client may say which attempt this is. */
  readonly attempt: string | undefined
}

export interface Server {
  readonly url: string
  /** Begins to listen; until then, the port refuses connections. */
  readonly open: Effect.Effect<void>
  readonly seen: ReadonlyArray<Seen>
  /** How many of the requests left hanging were broken off by the client. */
  readonly hungUp: () => number
  readonly openSockets: () => number
}

/** Makes a server whose port is still closed. Each path goes through its moods, one per request; the last one stays. */
export const make = Effect.fnUntraced(
  function*(script: Readonly<Record<string, ReadonlyArray<Mood>>>): Effect.fn.Return<Server, never, Scope.Scope> {
    const seen: Array<Seen> = []
    const sockets = new Set<Socket>()
    let hungUp = 0

    const server = Http.createServer((request, response) => {
      const path = request.url ?? "/"
      const moods = script[path] ?? []
      const earlier = seen.filter((one) => one.path === path).length
      const mood = moods[Math.min(earlier, moods.length - 1)] ?? "404"
      const attempt = request.headers["x-attempt"]
      seen.push({ path, mood, attempt: typeof attempt === "string" ? attempt : undefined })
      if (mood === "hang") request.socket.once("close", () => hungUp++)
      behave[mood](response)
    })
    server.on("connection", (socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
    })
    yield* Effect.addFinalizer(() => closed(server))

    const port = yield* closedPort
    return {
      url: `http://127.0.0.1:${port}`,
      open: listening(server, port),
      seen,
      hungUp: () => hungUp,
      openSockets: () => sockets.size
    }
  }
)

const behave: Readonly<Record<Mood, (response: Http.ServerResponse) => void>> = {
  "ok": (response) => response.end("all is well"),
  "404": (response) => response.writeHead(404).end("nothing of that name"),
  "503": (response) => response.writeHead(503).end("busy, come back later"),
  // never answers
  "hang": () => {},
  // promises a hundred bytes, sends ten, and slams the door
  "reset": (response) => {
    response.writeHead(200, { "content-length": 100 })
    response.write("0123456789", () => setTimeout(() => response.socket?.resetAndDestroy(), 20))
  }
}

const listening = (server: Http.Server, port: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(port, "127.0.0.1", () => resume(Effect.void))
  })

const closed = (server: Http.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/**
 * A port that is free and stays closed: below the range from which operating systems hand out ports by themselves, so
 * that nobody gets it by chance in the meantime, and found free by listening on it for a moment.
 */
const closedPort: Effect.Effect<number> = Effect.gen(function*() {
  const port = yield* Random.nextIntBetween(20_000, 30_000)
  const probe = Http.createServer()
  yield* listening(probe, port)
  yield* closed(probe)
  return port
}).pipe(
  // a port in use is a defect here: try others
  Effect.catchDefect(() => Effect.fail("in use")),
  Effect.retry({ times: 50 }),
  Effect.orDie
)
