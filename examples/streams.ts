/**
 * Streams: `Stream.retry` takes a stamina schedule, but starts it afresh with every element that gets through.
 * `Stamina.retryStream` does not: its limits hold for the whole.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Stream } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import { deepStrictEqual, strictEqual } from "node:assert/strict"

class Lost extends Data.TaggedError("Lost")<{ readonly connection: number }> {}

/** Three attempts in all. */
const patience = { on: "Lost", attempts: 3, waitInitial: "5 millis", waitJitter: 0 } as const
const schedule = staminaSchedule(patience)

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

  // The remedy. An attempt is a connection, whatever it delivers.
  const total = source((connection) => [`element ${connection}`])
  const some: Array<string> = []
  const lost = yield* total.stream.pipe(
    Stamina.retryStream(patience),
    Stream.runForEach((element) => Effect.sync(() => some.push(element))),
    Effect.flip
  )
  yield* Console.log(`total: ${some.join(", ")}, then lost for good in connection ${lost.connection}`)
  // total: element 1, element 2, element 3, then lost for good in connection 3
  strictEqual(total.connections(), 3)

  // A restart begins at the stream's own beginning: what had been delivered comes again, unless the source resumes.
  const letters = ["a", "b", "c", "d", "e"]
  const twice = source((connection) => letters.slice(0, connection))
  const all = yield* twice.stream.pipe(Stamina.retryStream(patience), Stream.take(5), Stream.runCollect)
  let next = 0
  const resuming = source(() => letters.slice(next, next + 2))
  const once = yield* resuming.stream.pipe(
    Stream.tap(() => Effect.sync(() => next++)),
    Stamina.retryStream(patience),
    Stream.take(5),
    Stream.runCollect
  )
  yield* Console.log(`twice: ${all.join(" ")}; resumed: ${once.join(" ")}`) // twice: a a b a b; resumed: a b c d e
  deepStrictEqual(once, letters)

  // A feed that is lost now and then, but lasts in between: each time that it has lasted, attempts start afresh. In
  // all there are no more than `attemptsInAll`, 1000 unless said otherwise.
  let connections = 0
  const feed = Stream.suspend(() => {
    const connection = ++connections
    const lasting = Stream.concat(Stream.make("up"), Stream.fromEffectDrain(Effect.sleep("30 millis")))
    return Stream.concat(lasting, Stream.fail(new Lost({ connection })))
  })
  const final = yield* feed.pipe(
    Stamina.retryStream({ ...patience, resetAfter: "20 millis", attemptsInAll: 6 }),
    Stream.runDrain,
    Effect.flip
  )
  yield* Console.log(`lasting: lost for good in connection ${final.connection}`) // lasting: lost for good in connection 6
  strictEqual(connections, 6)

  // Where the consumer's own errors are to be retried as well, retry the effect that runs the stream. Here, a set keeps
  // what is seen twice from counting twice.
  const again = source(() => ["a", "b"])
  const seen = new Set<string>()
  const error = yield* again.stream.pipe(
    Stream.runForEach((element) => Effect.sync(() => seen.add(element))),
    Stamina.retry(patience),
    Effect.flip
  )
  yield* Console.log(`again: ${[...seen].join(", ")}, then lost for good in connection ${error.connection}`)
  // again: a, b, then lost for good in connection 3
  strictEqual(error.connection, 3)
})

NodeRuntime.runMain(program)
