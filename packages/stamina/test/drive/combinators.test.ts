import { describe, expect, it } from "@effect/vitest"
import { Data, Duration, Effect, Option } from "effect"
import { Stamina } from "effect-stamina"
import { importCompiled } from "../kit/compile.ts"
import { inTime } from "../kit/inTime.ts"
import { unlogged } from "../kit/unlogged.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly n: number }> {}

const options = { on: "Flaky", waitJitter: 0, attempts: 3 } as const

describe("Stamina.retry", () => {
  it.effect("passes a success on as it is, without waiting", () =>
    Effect.gen(function*() {
      const value = { some: "value" }
      expect(yield* Stamina.retry(Effect.succeed(value), { on: () => true })).toBe(value)
    }))

  it.effect("fails with the last error, the same object", () =>
    Effect.gen(function*() {
      const errors = [new Flaky({ n: 1 }), new Flaky({ n: 2 }), new Flaky({ n: 3 })]
      let n = 0
      const error = yield* inTime(Effect.flip(Stamina.retry(Effect.suspend(() => Effect.fail(errors[n++]!)), options)))
      expect(error).toBe(errors[2])
    }))

  it.effect("is a value: one combinator serves many effects, of many types", () =>
    Effect.gen(function*() {
      const retry = Stamina.retry(options)
      let calls = 0
      const first = retry(Effect.suspend(() => ++calls < 3 ? Effect.fail(new Flaky({ n: calls })) : Effect.succeed(1)))
      const second = retry(Effect.suspend(() => Effect.fail<Flaky | "other">("other")))
      expect(yield* inTime(first)).toBe(1)
      expect(calls).toBe(3)
      expect(yield* Effect.flip(second)).toBe("other")
    }))

  it.effect("can be run again: each run counts for itself", () =>
    Effect.gen(function*() {
      let calls = 0
      const retried = Stamina.retry(Effect.suspend(() => Effect.fail(new Flaky({ n: ++calls }))), options)
      yield* inTime(Effect.ignore(retried))
      yield* inTime(Effect.ignore(retried))
      expect(calls).toBe(6)
    }))

  it.effect("retries as often as told without growing the stack", () =>
    Effect.gen(function*() {
      let calls = 0
      // not an Error, whose stack trace costs more than the retry
      const failure = { _tag: "Flaky" } as const
      const failing = Effect.suspend(() => ++calls < 100_000 ? Effect.fail(failure) : Effect.succeed("ok"))
      // no waits at all: waitMax counts once the power overflows, even where waitInitial is 0
      const retried = Stamina.retry(failing, { ...options, attempts: Infinity, timeout: Duration.infinity, waitMax: 0 })
      expect(yield* retried).toBe("ok")
    }))

  it.live("waits on the real clock as long as it says", () =>
    Effect.gen(function*() {
      let calls = 0
      const failing = Effect.suspend(() => ++calls < 3 ? Effect.fail(new Flaky({ n: calls })) : Effect.succeed("ok"))
      const [elapsed] = yield* Effect.timed(Stamina.retry(failing, { ...options, waitInitial: 30 }))
      // a timer may fire a millisecond early; how late it fires is the machine's affair
      expect(Duration.toMillis(elapsed)).toBeGreaterThanOrEqual(88)
    }).pipe(unlogged))
})

describe("Stamina.retryContext", () => {
  it.effect("tells each attempt its number, the wait that would follow, and the error before", () =>
    Effect.gen(function*() {
      const seen: Array<readonly [number, number, unknown]> = []
      yield* inTime(Effect.ignore(Stamina.retryContext(options, ({ nextWait, num, previous }) => {
        seen.push([num, Duration.toMillis(nextWait), Option.getOrUndefined(previous)])
        return Effect.fail(new Flaky({ n: num }))
      })))
      expect(seen).toEqual([[1, 100, undefined], [2, 200, new Flaky({ n: 1 })], [3, 400, new Flaky({ n: 2 })]])
    }))

  it.effect("provides the attempt to code deeper inside, innermost first, and to nobody outside", () =>
    Effect.gen(function*() {
      const deep = Effect.map(Stamina.CurrentAttempt, Option.map((attempt) => attempt.num))
      const seen: Array<unknown> = []
      yield* inTime(Effect.ignore(Stamina.retryContext({ ...options, attempts: 2 }, () =>
        Effect.gen(function*() {
          seen.push(yield* deep)
          yield* Effect.ignore(Stamina.retryContext({ ...options, attempts: 2 }, () =>
            Effect.gen(function*() {
              seen.push(yield* deep)
              yield* new Flaky({ n: 0 })
            })))
          yield* new Flaky({ n: 0 })
        }))))
      expect(seen).toEqual([1, 1, 2, 2, 1, 2].map(Option.some))
      expect(yield* deep).toEqual(Option.none())
    }))

  it.effect("a block that throws is a defect, and not retried", () =>
    Effect.gen(function*() {
      let calls = 0
      const exit = yield* Effect.exit(Stamina.retryContext({ on: () => true }, (): Effect.Effect<void, Flaky> => {
        calls++
        throw new Error("bug")
      }))
      expect(calls).toBe(1)
      expect(exit).toEqual(yield* Effect.exit(Effect.die(new Error("bug"))))
    }))
})

describe("Stamina.retried", () => {
  it.effect("calls the function anew for each attempt, with the same arguments, and only when run", () =>
    Effect.gen(function*() {
      const calls: Array<ReadonlyArray<unknown>> = []
      const wrapped = Stamina.retried(options)((...args: ReadonlyArray<number>) => {
        calls.push(args)
        return Effect.fail(new Flaky({ n: args.length }))
      })
      const effect = wrapped(1, 2, 3)
      expect(calls).toEqual([])
      yield* inTime(Effect.ignore(effect))
      expect(calls).toEqual([[1, 2, 3], [1, 2, 3], [1, 2, 3]])
    }))

  it("keeps name and length", () => {
    const fetchUser = (_id: number, _force: boolean): Effect.Effect<number, Flaky> => Effect.succeed(1)
    const wrapped = Stamina.retried(options)(fetchUser)
    expect(wrapped.name).toBe("fetchUser")
    expect(wrapped.length).toBe(2)
  })

  it.effect("keeps this", () =>
    Effect.gen(function*() {
      class Users {
        readonly offset = 40
        calls = 0
        readonly find = Stamina.retried(options)(function(this: Users, id: number) {
          return ++this.calls < 3 ? Effect.fail(new Flaky({ n: this.calls })) : Effect.succeed(this.offset + id)
        })
      }
      const users = new Users()
      expect(yield* inTime(users.find(2))).toBe(42)
      expect(users.calls).toBe(3)
    }))

  it.effect("is a method decorator", () =>
    Effect.gen(function*() {
      const file = new URL("../fixtures/Users.ts", import.meta.url)
      const { Users } = yield* Effect.promise(() => importCompiled<typeof import("../fixtures/Users.ts")>(file))
      const users = new Users()
      expect(yield* inTime(users.find(2))).toBe(42)
      expect(users.calls).toBe(3)
      expect(users.find.name).toBe("find")
      expect(new Users().calls).toBe(0)
    }))

  it("refuses what it cannot wrap, legacy decorators above all, which would else be ignored without a word", () => {
    const retried = Stamina.retried(options) as (...args: ReadonlyArray<unknown>) => unknown
    expect(() => retried({}, "find", { value: () => Effect.void })).toThrow(
      new RangeError("Stamina.retried: what is wrapped must be a function that returns an effect, got {}")
    )
    expect(() => retried(() => Effect.void, { kind: "getter" })).toThrow(
      new RangeError("Stamina.retried: what is decorated must be a method, got \"getter\"")
    )
  })

  it.effect("composes with Effect.fn, on either side", () =>
    Effect.gen(function*() {
      let calls = 0
      const body = function*(n: number) {
        if (++calls % 3 !== 0) yield* new Flaky({ n })
        return n
      }
      const inside = Effect.fn("inside")(body, Stamina.retry(options))
      const outside = Stamina.retried(options)(Effect.fn("outside")(body))
      expect(yield* inTime(inside(1))).toBe(1)
      expect(calls).toBe(3)
      expect(yield* inTime(outside(2))).toBe(2)
      expect(calls).toBe(6)
    }))
})
