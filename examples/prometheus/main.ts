/**
 * A service whose calls are retried, and which Prometheus can watch at `/metrics`. All it takes is Effect's
 * `PrometheusMetrics`: what the library counts, it counts without being asked.
 *
 *     node examples/prometheus/main.ts                        makes some calls, checks its own /metrics, and ends
 *     node examples/prometheus/main.ts --serve [port]         makes calls and serves until it is stopped
 *     node examples/prometheus/main.ts --serve --rounds 20    serves until then, but makes no more calls than that
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, References, Schedule } from "effect"
import { HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import assert from "node:assert/strict"
import * as Http from "node:http"
import { parseArgs } from "node:util"
import { calls, make } from "./calls.ts"
import * as Ledger from "./ledger.ts"

const { positionals: [port = "0"], values: { rounds = "Infinity", serve } } = parseArgs({
  allowPositionals: true,
  options: { serve: { type: "boolean", default: false }, rounds: { type: "string" } }
})

const ledger = Ledger.make()
let roundsMade = 0

/** The endpoint that Prometheus scrapes; and, for who wants to compare, the service's own count. */
const routes = Layer.mergeAll(
  PrometheusMetrics.layerHttp(),
  HttpRouter.add(
    "GET",
    "/ledger",
    Effect.sync(() => HttpServerResponse.jsonUnsafe({ roundsMade, series: ledger.series }))
  )
)

const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { host: "127.0.0.1", port: Number(port) }))
)

/** All calls once, side by side. */
const round = Effect.suspend(() =>
  Effect.forEach(calls, (call) => make(call, roundsMade, ledger), { concurrency: "unbounded" })
).pipe(
  Effect.andThen(Effect.sync(() => ++roundsMade))
)

const serving = Effect.gen(function*() {
  const url = yield* HttpServer.addressFormattedWith((address) => Effect.succeed(address))
  yield* Console.log(`serving ${url}/metrics`)
  yield* Effect.repeat(round, { schedule: Schedule.fixed("250 millis"), while: (made) => made < Number(rounds) })
  return yield* Effect.never
})

const checking = Effect.gen(function*() {
  yield* Effect.repeat(round, { until: (made) => made === 6 })

  const url = yield* HttpServer.addressFormattedWith((address) => Effect.succeed(address))
  const response = yield* HttpClient.get(`${url}/metrics`)
  const page = yield* response.text
  const lines = (pattern: RegExp) => page.split("\n").filter((line) => pattern.test(line)).join("\n")

  yield* Console.log(lines(/^# TYPE stamina_/))
  // # TYPE stamina_scheduled_wait_seconds_total counter
  // # TYPE stamina_retries_total counter
  // # TYPE stamina_runs_total counter
  // # TYPE stamina_run_attempts histogram
  // # TYPE stamina_budget_tokens gauge
  // # TYPE stamina_budget_waiting gauge
  // # TYPE stamina_budget_retries_total counter

  yield* Console.log(lines(/_total.*"fetchUser"/))
  // stamina_scheduled_wait_seconds_total{callable="fetchUser"} 0.11
  // stamina_retries_total{callable="fetchUser",retry_num="1",error_type="Unavailable"} 6
  // stamina_retries_total{callable="fetchUser",retry_num="2",error_type="Overloaded"} 4
  // stamina_retries_total{callable="fetchUser",retry_num="3",error_type="Overloaded"} 2
  // stamina_runs_total{callable="fetchUser",outcome="recovered"} 6

  const found = Ledger.parse(page)
  assert.deepEqual(Object.keys(found).toSorted(), Object.keys(ledger.series).toSorted())
  for (const [series, value] of Object.entries(ledger.series)) {
    assert.ok(Math.abs((found[series] ?? NaN) - value) < 1e-9, `${series} is ${found[series]}, and should be ${value}`)
  }
  yield* Console.log("as the service counted itself")
  // as the service counted itself

  // what succeeds or fails at once is nobody's concern
  assert.doesNotMatch(page, /listPrices|logIn/)
})

const main = Effect.suspend(() => serve ? serving : checking)

main.pipe(
  Effect.provide([server, NodeHttpClient.layerNodeHttp]),
  // the log lines are for another example
  Effect.provideService(References.MinimumLogLevel, "None"),
  NodeRuntime.runMain
)
