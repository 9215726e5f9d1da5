/**
 * The clients that the suite shows faults to: those of the runtime that this runs on, a row each.
 */
import { Cause, Effect, Exit, Layer } from "effect"
import { Stamina } from "effect-stamina"
import * as FetchRetry from "effect-stamina/FetchRetry"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { createRequire } from "node:module"
import type { Met, Subject, Task } from "./probe.ts"

/** The name and the version of the runtime. */
export const runtime: readonly [name: string, version: string] = process.versions["deno"] !== undefined
  ? ["Deno", process.versions["deno"]]
  : process.versions["bun"] !== undefined
  ? ["Bun", process.versions["bun"]]
  : ["Node.js", process.versions.node]

/** How a layer of a client is made for a task: with the certificate to trust, and what `fetch` takes. */
type MakeClient = (task: Task) => Layer.Layer<HttpClient.HttpClient>

/** A way of this library to retry a request and to read its answer. */
type Way = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  task: Task
) => Effect.Effect<unknown, unknown>

const waits = { waitInitial: 1, waitJitter: 0 } as const

const byClient: Way = (client, request, { attempts, fault: { attemptTimeout } }) =>
  HttpRetry.retry(client, { ...waits, attempts, attemptTimeout, budget: "none", readBody: true }).execute(request)

const byOn: Way = (client, request, { attempts, fault: { attemptTimeout } }) =>
  client.execute(request).pipe(
    Effect.flatMap((response) => response.text),
    Stamina.retry({ ...waits, attempts, attemptTimeout, on: [HttpRetry.on, "AttemptTimedOut"] })
  )

/** Meets a fault with a client of Effect's. */
const meet = (makeClient: MakeClient, way: Way) => (task: Task): Promise<Met> => {
  const { fault, places } = task
  let sent = 0
  return Effect.gen(function*() {
    const client = HttpClient.mapRequestEffect(yield* HttpClient.HttpClient, (request) =>
      Effect.sync(() => {
        sent++
        return request
      }))
    const request = HttpClientRequest.get(fault.url(places), { headers: fault.headers })
    const exit = yield* Effect.exit(way(client, request, task))
    // a client may throw what it refuses
    const error = Exit.isFailure(exit) ? platformError(Cause.squash(exit.cause)) : undefined
    return { sent, error, threw: Exit.hasDies(exit) }
  }).pipe(Effect.provide(makeClient(task)), Effect.provide(Stamina.layerHooks([])), Effect.runPromise)
}

/** Meets a fault with a `fetch` that retries, and options of the runtime's own. */
const meetByFetch = (options: (task: Task) => object) => async (task: Task): Promise<Met> => {
  const { attempts, fault: { attemptTimeout, headers = {}, redirect, url }, places } = task
  let sent = 0
  const counting: FetchRetry.Fetch = (input, init) => {
    sent++
    return fetch(input, init as RequestInit)
  }
  const retrying = FetchRetry.make({
    ...waits,
    attempts,
    attemptTimeout,
    budget: "none",
    readBody: true,
    hooks: [],
    fetch: counting
  })
  try {
    const response = await retrying(url(places), {
      headers,
      ...redirect === undefined ? {} : { redirect },
      ...options(task)
    })
    await response.text()
    return { sent, error: undefined, threw: false }
  } catch (error) {
    return { sent, error, threw: false }
  }
}

/** The error of the platform, below that of Effect's client. */
const platformError = (error: unknown): unknown =>
  HttpClientError.isHttpClientError(error) && error.reason._tag !== "StatusCodeError"
    ? error.reason.cause ?? error.reason
    : error

/** `fetch` with options of the runtime's own beside those of the platform. */
const fetchWith = (options: (task: Task) => object): MakeClient => (task) => {
  const { fault: { redirect } } = task
  const init: RequestInit = { ...redirect === undefined ? {} : { redirect }, ...options(task) }
  return FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, init)))
}

/** Each client in both ways, which must come to the same. */
const rows = (
  row: Omit<Subject, "meet" | "way">,
  makeClient: MakeClient
): ReadonlyArray<Subject> => [
  { ...row, way: "HttpRetry.retry", meet: meet(makeClient, byClient) },
  { ...row, way: "HttpRetry.on", meet: meet(makeClient, byOn) }
]

/** `fetch` in these ways, and without Effect's client. */
const rowsOfFetch = (
  row: Omit<Subject, "meet" | "way">,
  options: (task: Task) => object
): ReadonlyArray<Subject> => [
  ...rows(row, fetchWith(options)),
  // the fetch of early Node.js 20 does not say what broke a body: no code, not even for a wrong encoding
  ...(/^20\.\d\./.test(row.version) ? [] : [{ ...row, way: "FetchRetry.make", meet: meetByFetch(options) }])
]

const ofFetch = (): ReadonlyArray<Subject> => {
  const [name, version] = runtime
  const row = { name: `fetch of ${name}`, version, isFetch: true }
  // Deno has its certificate from the environment
  if (name === "Deno") return rowsOfFetch({ ...row, protocols: [1, 2] }, () => ({}))
  if (name === "Node.js") return rowsOfFetch({ ...row, protocols: [1] }, () => ({}))
  const tls = ({ places: { ca } }: Task) => ({ tls: { ca } })
  return [
    ...rowsOfFetch({ ...row, protocols: [1] }, tls),
    ...rowsOfFetch(
      { ...row, name: `${row.name}, HTTP/2`, protocols: [2] },
      (task) => ({ ...tls(task), protocol: "http2" })
    )
  ]
}

/** The other clients of Node.js, which Effect has in a package that needs Node.js 22 or later. */
const ofNode = async (): Promise<ReadonlyArray<Subject>> => {
  if (runtime[0] !== "Node.js" || Number.parseInt(runtime[1]) < 22) return []
  const { NodeHttpClient } = await import("@effect/platform-node")
  const platform = createRequire(import.meta.resolve("@effect/platform-node"))
  const undici = { version: platform("undici/package.json").version, isFetch: false }
  const connect = ({ places: { ca } }: Task) => ({ connect: { ca } })
  return [
    ...rows(
      { ...undici, name: "undici, HTTP/1.1", protocols: [1] },
      (task) => NodeHttpClient.layerUndiciOptions({ ...connect(task), allowH2: false })
    ),
    ...rows(
      { ...undici, name: "undici, HTTP/2", protocols: [2] },
      (task) => NodeHttpClient.layerUndiciOptions(connect(task))
    ),
    ...rows(
      { name: "node:http", version: runtime[1], protocols: [1], isFetch: false },
      () => NodeHttpClient.layerNodeHttp
    )
  ]
}

/** All clients of this runtime. */
export const subjects = async (): Promise<ReadonlyArray<Subject>> => [...ofFetch(), ...await ofNode()]
