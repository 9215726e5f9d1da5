/**
 * Metrics, logs and traces, exported with the OpenTelemetry protocol (OTLP) by `effect/observability`: what the library
 * tells of retries goes along without set-up. A collector of our own holds what arrives to what happened.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Layer } from "effect"
import { Stamina } from "effect-stamina"
import { Otlp } from "effect/observability"
import * as Collector from "./collector.ts"
import { verify } from "./verdict.ts"

class Unavailable extends Data.TaggedError("Unavailable")<{ readonly message: string }> {}

/** A dependency that fails so many times, and then answers. */
const dependency = (failures: number) =>
  Effect.suspend(() =>
    failures-- > 0 ? Effect.fail(new Unavailable({ message: "no answer from db://shop:pa55w0rd@db" })) : Effect.void
  )

const [users, cards, prices] = [dependency(2), dependency(3), dependency(0)]

const retry = Stamina.retry({ on: "Unavailable", attempts: 3, waitInitial: "20 millis", waitJitter: 0 })

// what is retried is called as the span that it is in
const fetchUser = Effect.fn("fetchUser")(() => users, retry)
const chargeCard = Effect.fn("chargeCard")(() => cards, retry)
const listPrices = Effect.fn("listPrices")(() => prices, retry)

const checkout = Effect.all([fetchUser(), listPrices(), Effect.ignore(chargeCard())]).pipe(Effect.withSpan("checkout"))

/** What an application puts around its program, once. */
const exported = (baseUrl: string) =>
  Otlp.layerJson({
    baseUrl,
    resource: { serviceName: "shop" },
    // in place of the console
    loggerMergeWithExisting: false
  }).pipe(
    Layer.provide(NodeHttpClient.layerNodeHttp)
  )

const program = Effect.gen(function*() {
  const collector = yield* Collector.make

  // what has not been exported by the end is so when the layer is closed
  yield* Effect.provide(checkout, exported(collector.url))

  const { logs, metrics, spans } = collector
  yield* Console.log(metrics.map(({ name }) => name).join("\n"))
  // stamina_scheduled_wait_seconds_total
  // stamina_retries_total
  // stamina_runs_total
  // stamina_run_attempts

  for (const { body, severityText } of logs) yield* Console.log(`${severityText}: ${body.stringValue}`)
  // Warn: stamina.retry_scheduled
  // Warn: stamina.retry_scheduled
  // Info: stamina.recovered
  // Warn: stamina.retry_scheduled
  // Warn: stamina.retry_scheduled
  // Error: stamina.gave_up

  for (const { events, name } of spans) yield* Console.log(`${name}: ${events.map(({ name }) => name).join(", ")}`)
  // fetchUser: stamina.retry_scheduled, stamina.retry_scheduled, stamina.recovered
  // listPrices:
  // chargeCard: stamina.retry_scheduled, stamina.retry_scheduled, stamina.gave_up, exception
  // checkout:

  verify(collector)
})

program.pipe(Effect.scoped, NodeRuntime.runMain)
