import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, type Tracer } from "effect"
import { type RetryEvent, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { HttpClient, HttpClientError } from "effect/http"
import { inTime } from "../kit/inTime.ts"
import { scripted, type Step } from "../kit/scriptedClient.ts"
import { recordSpans } from "../kit/telemetry.ts"

const url = "http://localhost:8080/users/7"
const plain = { attempts: 3, waitInitial: 10, waitJitter: 0, spans: true } as const
const quiet = Effect.provide(Stamina.layerHooks([]))
const busy: Step = { status: 503, body: "busy" }
const ok: Step = { status: 200, body: "hello" }

const failure = (error: unknown): unknown =>
  HttpClientError.isHttpClientError(error) ? error.response?.status ?? error.reason._tag : error

/** `"ok"`, the status that the span failed with, or the reason of its error. */
const endOf = ({ status }: Tracer.NativeSpan): unknown =>
  status._tag !== "Ended" ? status._tag : Exit.isSuccess(status.exit) ? "ok" : failure(Cause.squash(status.exit.cause))

describe("the spans of HTTP attempts", () => {
  it.effect.each<[name: string, steps: ReadonlyArray<Step>, ends: ReadonlyArray<unknown>, outcome: unknown]>([
    ["responses that are retried", [busy, busy, ok], [503, 503, "ok"], 200],
    ["responses to the end", [busy], [503, 503, 503], 503],
    ["a fault, then a response", ["fault", busy, ok], ["TransportError", 503, "ok"], 200],
    ["faults to the end", ["fault"], ["TransportError", "TransportError", "TransportError"], "TransportError"],
    ["a response that is not retried", [{ status: 404 }], ["ok"], 404],
    ["a response that is not retried after one that is", [busy, { status: 404 }], [503, "ok"], 404]
  ])("end as hooks see the attempts: %s", ([, steps, ends, outcome]) =>
    Effect.gen(function*() {
      const { named, provide } = recordSpans()
      const { client } = scripted(...steps)
      const exit = yield* Effect.exit(provide(inTime(HttpRetry.retry(client, plain).get(url))))
      expect(Exit.isSuccess(exit) ? exit.value.status : failure(Cause.squash(exit.cause))).toBe(outcome)
      expect(named("stamina.attempt").map(endOf)).toEqual(ends)
    }).pipe(quiet))

  it.effect("end as those of Stamina.retry around a client that fails by status", () =>
    Effect.gen(function*() {
      const ends = (get: (client: HttpClient.HttpClient) => Effect.Effect<unknown, unknown>) =>
        Effect.gen(function*() {
          const { named, provide } = recordSpans()
          yield* provide(inTime(get(scripted(busy, "fault", ok).client)))
          return named("stamina.attempt").map(endOf)
        })
      const inside = yield* ends((client) => HttpRetry.retry(client, plain).get(url))
      const around = yield* ends((client) =>
        Stamina.retry(HttpClient.filterStatusOk(client).get(url), { ...plain, on: HttpRetry.on })
      )
      expect(inside).toEqual(around)
      expect(inside).toEqual([503, "TransportError", "ok"])
    }).pipe(quiet))

  it.effect("hold the error that hooks see, end before the wait, and leave the result as it is", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const onRetryScheduled = ({ causedBy }: RetryEvent.RetryScheduled) => Effect.sync(() => seen.push(causedBy))
      const { provide, spans } = recordSpans()
      const { client } = scripted(busy, ok)
      const retrying = HttpRetry.retry(client, { ...plain, readBody: true, hooks: [{ onRetryScheduled }] })
      const response = yield* provide(inTime(retrying.get(url)))
      expect(yield* response.text).toBe("hello")
      const own = spans.filter(({ name }) => name.startsWith("stamina."))
      expect(own.map(({ name }) => name)).toEqual(["stamina.attempt", "stamina.wait", "stamina.attempt"])
      const [first] = own
      expect(
        first?.status._tag === "Ended" && Exit.isFailure(first.status.exit) && Cause.squash(first.status.exit.cause)
      )
        .toBe(seen[0])
    }).pipe(quiet))

  it.effect("and without spans, what comes out is the same", () =>
    Effect.gen(function*() {
      for (
        const steps of [[busy, busy, ok], [busy], ["fault"], ["fault", busy, ok]] satisfies ReadonlyArray<
          ReadonlyArray<Step>
        >
      ) {
        const outcome = (spans: boolean) =>
          Effect.gen(function*() {
            const { client, sent } = scripted(...steps)
            const exit = yield* Effect.exit(inTime(HttpRetry.retry(client, { ...plain, spans }).get(url)))
            return [Exit.isSuccess(exit) ? exit.value.status : failure(Cause.squash(exit.cause)), sent.length]
          })
        expect(yield* outcome(true)).toEqual(yield* outcome(false))
      }
    }).pipe(quiet))
})
