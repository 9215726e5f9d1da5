/**
 * The shop: an HTTP service that fails by a script. It does the work once for each idempotency key, and keeps count.
 */
import { Clock, Deferred, Effect, type Scope } from "effect"
import * as Http from "node:http"

/** What the shop does to a request: nothing but say 503; the work, and then no answer; the work. */
export type Mood = "503" | "silent" | "ok"

export interface Request {
  readonly path: string
  readonly key: string
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number
}

export interface Shop {
  readonly url: string
  readonly requests: (path: string) => ReadonlyArray<Request>
  /** How often the work was really done. */
  readonly done: (path: string) => number
  /** Completes once the shop has done some work and says nothing. */
  readonly silent: Effect.Effect<void>
}

/** Opens the shop. Each path goes through its moods, one per request; the last one stays. */
export const open = Effect.fnUntraced(
  function*(script: Readonly<Record<string, ReadonlyArray<Mood>>>): Effect.fn.Return<Shop, never, Scope.Scope> {
    const clock = yield* Clock.Clock
    const silent = yield* Deferred.make<void>()
    const seen: Array<Request> = []
    const results = new Map<string, string>()
    const requests = (path: string) => seen.filter((one) => one.path === path)
    const done = (path: string) => [...results.keys()].filter((one) => one.startsWith(`${path} `)).length

    /** What is done for a key is done for good, and asking again leads to the same result. */
    const once = (path: string, key: string): string => {
      const result = results.get(`${path} ${key}`) ?? `${path.slice(1)} ${done(path) + 1}`
      results.set(`${path} ${key}`, result)
      return result
    }

    const server = Http.createServer((request, response) => {
      const path = request.url ?? "/"
      const key = String(request.headers["idempotency-key"])
      const moods = script[path] ?? []
      const mood = moods[Math.min(requests(path).length, moods.length - 1)] ?? "503"
      seen.push({ path, key, at: clock.currentTimeMillisUnsafe() })
      if (mood === "503") return response.writeHead(503).end()
      const result = once(path, key)
      if (mood === "ok") return response.end(result)
      return Deferred.doneUnsafe(silent, Effect.void)
    })

    yield* Effect.addFinalizer(() => closed(server))
    const port = yield* listening(server)
    return { url: `http://127.0.0.1:${port}`, requests, done, silent: Deferred.await(silent) }
  }
)

const listening = (server: Http.Server): Effect.Effect<number> =>
  Effect.callback((resume) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" ? address?.port ?? 0 : 0))
    })
  })

const closed = (server: Http.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
