/**
 * Streams that are pulled after their end: they say once more how they ended, and nothing begins anew.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Stream } from "effect"
import { Stamina } from "effect-stamina"
import { inTime } from "../kit/inTime.ts"
import { Down, World } from "./world.ts"

const options = { on: "Down", waitInitial: 100, waitMax: 100, waitJitter: 0, attempts: 3, name: "stream" } as const

/** Delivers one element in each start; the first starts are lost then, and later ones end. */
const source = (losses: number) => {
  const seen = { starts: 0 }
  const stream = Stream.suspend(() => {
    const start = ++seen.starts
    return Stream.concat(Stream.make(start), start <= losses ? Stream.fail(new Down(start)) : Stream.empty)
  })
  return { seen, stream }
}

/** How often streams are lost, and how often they are started then. */
const cases = [
  ["ends at once", 0, 1],
  ["ends after a restart", 1, 2],
  ["gives up", 9, 3]
] as const

describe.each(cases)("a stream that %s", (_, losses, starts) => {
  it.effect("says so again each time that it is pulled, and is not started again", () =>
    Effect.gen(function*() {
      const world = new World()
      const { seen, stream } = source(losses)
      const exits = yield* inTime(Effect.scoped(Effect.gen(function*() {
        const pull = yield* Stream.toPull(Stamina.retryStream(stream, options))
        const exits: Array<Exit.Exit<unknown, unknown>> = []
        for (let i = 0; i < starts + 4; i++) exits.push(yield* Effect.exit(pull))
        return exits
      }))).pipe(Effect.provide(world.hooks({})))
      expect(seen.starts).toBe(starts)
      const ends = exits.slice(starts)
      expect(ends).toHaveLength(4)
      for (const end of ends) {
        const error = Exit.isFailure(end) ? end.cause.reasons.map((one) => one._tag === "Fail" && one.error) : []
        expect(error).toEqual([losses > 2 ? new Down(3) : Cause.Done()])
      }
      expect([...world.stories.values()]).toEqual(losses === 0 ? [] : losses > 2 ? ["ssg"] : ["sr"])
    }))

  it.effect("is pulled by Stream.combine once too often, and is not started again", () =>
    Effect.gen(function*() {
      const one = source(losses)
      const other = source(losses)
      const both = <E1, E2>(left: Stream.Stream<number, E1>, right: Stream.Stream<number, E2>) =>
        Stream.combine(left, right, () => 0, (state, left, right) =>
          Effect.gen(function*() {
            const exits = [yield* Effect.exit(left), yield* Effect.exit(right)]
            if (state > 6) return yield* Cause.done()
            return [exits.filter(({ _tag }) => _tag === "Success").length, state + 1] as const
          }))
      const retried = both(Stamina.retryStream(one.stream, options), Stamina.retryStream(other.stream, options))
      yield* inTime(Stream.runDrain(retried)).pipe(Effect.provide(Stamina.layerHooks([])))
      expect([one.seen.starts, other.seen.starts]).toEqual([starts, starts])
    }))
})

describe("a stream that is pulled after its end, as a plain one", () => {
  it.effect("is at its end", () =>
    Effect.gen(function*() {
      const pulled = <E>(stream: Stream.Stream<number, E>) =>
        Effect.scoped(Effect.gen(function*() {
          const pull = yield* Stream.toPull(stream)
          return [yield* Effect.exit(pull), yield* Effect.exit(pull), yield* Effect.exit(pull)]
        }))
      const plain = source(0)
      const retried = source(0)
      expect(yield* pulled(Stamina.retryStream(retried.stream, options))).toEqual(yield* pulled(plain.stream))
      expect(retried.seen.starts).toBe(plain.seen.starts)
    }))
})
