/**
 * Streams: `Stream.retry` takes a stamina schedule, but starts it afresh with every element that gets through.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Stream } from "effect"
import { staminaSchedule } from "effect-stamina"
import { deepStrictEqual, strictEqual } from "node:assert/strict"

class Lost extends Data.TaggedError("Lost")<{ readonly connection: number }> {}

/** Three attempts in all. */
const schedule = staminaSchedule({ on: "Lost", attempts: 3, waitInitial: "5 millis", waitJitter: 0 })

/** A source whose connections deliver what they are told to, and are lost then; counts its connections. */
const source = (deliver: (connection: number) => ReadonlyArray<string>) => {
  let connections = 0
  const stream = Stream.suspend(() => {
    const connection = ++connections
    return Stream.concat(Stream.fromIterable(deliver(connection)), Stream.fail(new Lost({ connection })))
  })
  return { stream, connections: () => connections }
}

const program = Effect.gen(function*() {
  // A source that cannot be reached at first: retried as any effect would be.
  const late = source((connection) => connection < 3 ? [] : ["hello", "world"])
  const words = yield* late.stream.pipe(Stream.retry(schedule), Stream.take(2), Stream.runCollect)
  yield* Console.log(`late: "${words.join(" ")}" in connection ${late.connections()}`) // late: "hello world" in connection 3
  deepStrictEqual(words, ["hello", "world"])
  strictEqual(late.connections(), 3)

  // The trap. Each connection delivers something before it is lost, so each begins a new run: three attempts never pass.
  const flaky = source((connection) => [`element ${connection}`])
  const many = yield* flaky.stream.pipe(Stream.retry(schedule), Stream.take(50), Stream.runCollect)
  yield* Console.log(`flaky: ${many.length} elements from ${flaky.connections()} connections, with attempts: 3`)
  // flaky: 50 elements from 50 connections, with attempts: 3
  strictEqual(flaky.connections(), 50)

  // Where the limits are to hold for the whole, retry the effect that runs the stream. It begins again from the start,
  // so it has to be able to: here, a set keeps what is seen twice from counting twice.
  const again = source(() => ["a", "b"])
  const seen = new Set<string>()
  const error = yield* again.stream.pipe(
    Stream.runForEach((element) => Effect.sync(() => seen.add(element))),
    Effect.retry(schedule),
    Effect.flip
  )
  yield* Console.log(`again: ${[...seen].join(", ")}, then lost for good in connection ${error.connection}`)
  // again: a, b, then lost for good in connection 3
  strictEqual(error.connection, 3)
})

NodeRuntime.runMain(program)
