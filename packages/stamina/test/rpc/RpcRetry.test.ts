import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Latch, Layer, Ref, Schema } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import * as RpcRetry from "effect-stamina/RpcRetry"
import {
  ClusterError,
  Entity,
  EntityAddress,
  EntityId,
  EntityType,
  RunnerAddress,
  ShardId,
  Snowflake,
  TestRunner
} from "effect/cluster"
import { HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { Rpc, RpcClientError } from "effect/rpc"
import { Socket } from "effect/socket"
import { TestClock } from "effect/testing"
import { WorkerError } from "effect/workers"

const Once = Rpc.make("Once")
const Often = Rpc.make("Often").annotate(RpcRetry.Idempotent, true)
const [once, often] = [RpcRetry.on(Once), RpcRetry.on(Often)]

const coded = (code: string) => Object.assign(new Error(code), { code })
const rpc = (reason: RpcClientError.RpcClientError["reason"]) => new RpcClientError.RpcClientError({ reason })
const http = (reason: HttpClientError.HttpClientErrorReason) =>
  rpc(HttpClientError.HttpClientErrorSchema.fromHttpClientError(new HttpClientError.HttpClientError({ reason })))

const request = HttpClientRequest.post("http://localhost/rpc")
const transport = (cause: unknown) => http(new HttpClientError.TransportError({ request, cause }))
const status = (status: number) =>
  http(
    new HttpClientError.StatusCodeError({
      request,
      response: HttpClientResponse.fromWeb(request, new Response(null, { status }))
    })
  )
const brokenOff = http(
  new HttpClientError.DecodeError({
    request,
    response: HttpClientResponse.fromWeb(request, new Response()),
    cause: coded("ECONNRESET")
  })
)
const open = (cause: unknown) => rpc(new Socket.SocketOpenError({ kind: "Unknown", cause }))
const closed = (code: number) => rpc(new Socket.SocketCloseError({ code }))

const address = new EntityAddress.EntityAddress({
  shardId: ShardId.make("default", 1),
  entityType: EntityType.EntityType.make("Counter"),
  entityId: EntityId.EntityId.make("1")
})
const runner = RunnerAddress.make("localhost", 1)

const unsent: ReadonlyArray<unknown> = [
  open(coded("ECONNREFUSED")),
  rpc(new Socket.SocketOpenError({ kind: "Timeout", cause: new Error("timeout") })),
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"].map((code) =>
    transport(new TypeError("fetch failed", { cause: coded(code) }))
  ),
  ...["EHOSTUNREACH", "ETIMEDOUT"].map((code) => transport(Object.assign(coded(code), { syscall: "connect" }))),
  new ClusterError.MailboxFull({ address }),
  new ClusterError.EntityNotAssignedToRunner({ address })
]

const unknown: ReadonlyArray<unknown> = [
  rpc(new Socket.SocketReadError({ cause: coded("ECONNRESET") })),
  rpc(new Socket.SocketWriteError({ cause: coded("EPIPE") })),
  ...[1000, 1001, 1006, 1011, 1012, 1013, 1014].map(closed),
  transport(coded("ECONNRESET")),
  // of a connection that was open
  transport(Object.assign(coded("ETIMEDOUT"), { syscall: "read" })),
  transport(coded("EHOSTUNREACH")),
  transport(undefined),
  brokenOff,
  ...[408, 425, 429, 500, 502, 503, 504].map(status),
  new ClusterError.PersistenceError({ cause: "the database is away" }),
  new ClusterError.RunnerUnavailable({ address: runner })
]

const final: ReadonlyArray<unknown> = [
  open(coded("DEPTH_ZERO_SELF_SIGNED_CERT")),
  transport(new TypeError("fetch failed", { cause: coded("CERT_HAS_EXPIRED") })),
  rpc(new Socket.SocketUpgradeError({})),
  ...[1002, 1003, 1007, 1008, 1009, 1010, 3000, 4401].map(closed),
  ...[400, 401, 404, 501].map(status),
  http(new HttpClientError.EncodeError({ request })),
  http(new HttpClientError.InvalidUrlError({ request })),
  rpc(new RpcClientError.RpcClientDefect({ message: "no protocol", cause: "?" })),
  rpc(new WorkerError.WorkerSpawnError({ message: "no such file" })),
  rpc(new WorkerError.WorkerSendError({ message: "no clone" })),
  rpc(new WorkerError.WorkerReceiveError({ message: "no clone" })),
  rpc(new WorkerError.WorkerUnknownError({ message: "?" })),
  new ClusterError.AlreadyProcessingMessage({ address, envelopeId: Snowflake.Snowflake("1") }),
  new ClusterError.MalformedMessage({ cause: "?" }),
  new ClusterError.RunnerNotRegistered({ address: runner }),
  { _tag: "RpcClientError", reason: { _tag: "SocketOpenError" } },
  new Error("of the procedure's own"),
  undefined
]

describe("RpcRetry.on", () => {
  it.each(unsent)("retries what nobody has seen, whatever the procedure: %s", (error) => {
    expect([once(error), often(error)]).toEqual([true, true])
  })

  it.each(unknown)("retries what may have been done only if the procedure is idempotent: %s", (error) => {
    expect([once(error), often(error)]).toEqual([false, true])
  })

  it.each(final)("does not retry what fails again, or what nobody knows: %s", (error) => {
    expect([once(error), often(error)]).toEqual([false, false])
  })

  it("refuses what is no Rpc", () => {
    // as in JavaScript, where it may be taken for the hook itself
    expect(() => RpcRetry.on(closed(1006) as never)).toThrow("RpcRetry.on: rpc must be an Rpc")
  })

  const calls = (self: (calls: { made: number }) => Effect.Effect<unknown, unknown>) => {
    const count = { made: 0 }
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.exit(self(count)))
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.await(fiber)
      return count.made
    }).pipe(Effect.provide(Stamina.layerHooks([])))
  }
  const failing = (count: { made: number }, error: unknown) =>
    Effect.suspend(() => {
      count.made++
      return Effect.fail(error)
    })

  it.effect.each(
    [
      ["Stamina.retry", (on) => (self) => Stamina.retry(self, { on, attempts: 3 })],
      ["staminaSchedule", (on) => (self) => Effect.retry(self, staminaSchedule({ on, attempts: 3 }))]
    ] satisfies ReadonlyArray<
      readonly [
        string,
        (on: (error: unknown) => boolean) => (self: Effect.Effect<never, unknown>) => Effect.Effect<never, unknown>
      ]
    >
  )("decides for %s", ([, retry]) =>
    Effect.gen(function*() {
      expect(yield* calls((count) => retry(once)(failing(count, closed(1006))))).toBe(1)
      expect(yield* calls((count) => retry(often)(failing(count, closed(1006))))).toBe(3)
    }))

  it.effect("takes an attempt that took too long for one that may have been done", () =>
    Effect.gen(function*() {
      const slow = (on: (error: unknown) => boolean) => (count: { made: number }) =>
        Effect.suspend(() => {
          count.made++
          return Effect.never
        }).pipe(Stamina.retry({ on, attempts: 3, attemptTimeout: "1 second" }))
      expect(yield* calls(slow(once))).toBe(1)
      expect(yield* calls(slow(often))).toBe(3)
    }))

  it.live("waits for the place of a message in a mailbox that is full", () =>
    Effect.gen(function*() {
      const gate = yield* Latch.make(false)
      const handled = yield* Ref.make(0)
      const first = yield* Deferred.make<void>()
      const Add = Rpc.make("Add", { payload: { amount: Schema.Int }, success: Schema.Int })
      const Counter = Entity.make("Counter", [Add])
      const layer = Counter.toLayer(
        Counter.of({
          Add: ({ payload: { amount } }) =>
            Deferred.succeed(first, undefined).pipe(
              Effect.andThen(gate.await),
              Effect.andThen(Ref.updateAndGet(handled, (count) => count + amount))
            )
        }),
        { mailboxCapacity: 1 }
      )
      yield* Effect.gen(function*() {
        const counter = (yield* Counter.client)("1")
        const add = counter.Add({ amount: 1 })
        const busy = yield* Effect.forkChild(add)
        yield* Deferred.await(first)
        const refused = yield* Effect.flip(add)
        const late = yield* Effect.forkChild(
          add.pipe(
            Stamina.retry({
              on: RpcRetry.on(Add),
              waitInitial: "1 milli",
              waitMax: "5 millis",
              waitJitter: 0,
              attempts: 1e4
            })
          )
        )
        yield* Effect.sleep("30 millis")
        yield* gate.open
        yield* Fiber.join(busy)
        yield* Fiber.join(late)
        expect(refused._tag).toBe("MailboxFull")
        expect(yield* Ref.get(handled)).toBe(2)
      }).pipe(Effect.provide(layer.pipe(Layer.provideMerge(TestRunner.layer))))
    }).pipe(Effect.provide(Stamina.layerHooks([]))))
})
