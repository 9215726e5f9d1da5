import { describe, expect, it } from "@effect/vitest"
import { Data, Duration, Effect, Random } from "effect"
import { RetryOn, Stamina } from "effect-stamina"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { VirtualTime } from "../kit/VirtualTime.ts"

class DeadlockError extends Data.TaggedClass("DeadlockError")<{ readonly n: number }> {}
class SqlSyntaxError extends Data.TaggedClass("SqlSyntaxError")<{ readonly n: number }> {}
class SqlError extends Data.TaggedError("SqlError")<{ readonly reason: DeadlockError | SqlSyntaxError }> {}
class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

const deadlock = new SqlError({ reason: new DeadlockError({ n: 1 }) })
const syntax = new SqlError({ reason: new SqlSyntaxError({ n: 1 }) })
const quiet = Effect.provide(Stamina.layerHooks([]))

/** The waits before the retries of an effect that fails with these errors, one after the other. */
const waitsOf = <E>(errors: ReadonlyArray<E>, options: Stamina.RetryOptions<RetryOn.On<E>>) => {
  const time = new VirtualTime([0.5])
  let calls = 0
  const effect = Effect.suspend(() => Effect.fail(errors[Math.min(calls++, errors.length - 1)] as E))
  Effect.runSync(Stamina.retry(effect, { waitJitter: 0, ...options }).pipe(Effect.ignore, quiet, time.provide))
  return time.sleeps
}

describe("a name with a reason", () => {
  it("is that of an error whose reason has the tag", () => {
    for (const on of ["SqlError.DeadlockError", ["HttpError", "SqlError.DeadlockError"]] as const) {
      const judge = RetryOn.make(on)
      expect([judge(deadlock), judge(syntax), judge(new DeadlockError({ n: 1 }))]).toEqual([true, false, false])
    }
  })

  it("goes before the tag alone, in a record", () => {
    const judge = RetryOn.make({
      SqlError: true,
      "SqlError.SqlSyntaxError": false,
      "SqlError.DeadlockError": "1 second"
    })
    expect([judge(deadlock), judge(syntax)]).toEqual([1000, false])
  })

  it("does not count where the tag itself holds a dot: that is matched as it stands", () => {
    const judge = RetryOn.make(["a.b", "a.b.c"])
    expect(judge({ _tag: "a.b" })).toBe(true)
    expect(judge({ _tag: "a.b.c" })).toBe(true)
    expect(judge({ _tag: "a", reason: { _tag: "b" } })).toBe(true)
    expect(RetryOn.make("a.b.c")({ _tag: "a.b", reason: { _tag: "c" } })).toBe(false)
  })

  it("asks odd errors for nothing that could throw", () => {
    const judge = RetryOn.make("SqlError.DeadlockError")
    const throws = {
      _tag: "SqlError",
      get reason(): unknown {
        throw new Error("getter")
      }
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (
      const error of [throws, proxy, null, undefined, 7, "SqlError", { _tag: "SqlError" }, {
        _tag: "SqlError",
        reason: 7
      }]
    ) {
      expect(judge(error)).toBe(false)
    }
  })
})

describe("a list", () => {
  it("is decided by the first item that does not say no, in its order", () => {
    const patient = (error: unknown) => error instanceof HttpError && error.status === 429 && "1 minute"
    const busy = new HttpError({ status: 429 })
    expect(RetryOn.make([patient, "HttpError"])(busy)).toBe(60_000)
    expect(RetryOn.make(["HttpError", patient])(busy)).toBe(true)
    expect(RetryOn.make([patient, HttpError])(new HttpError({ status: 503 }))).toBe(true)
    expect(RetryOn.make([patient, "SqlError"])(new HttpError({ status: 503 }))).toBe(false)
  })

  it("takes what RetryOn.make and RetryOn.among have made", () => {
    const made = RetryOn.make({ HttpError: { waitInitial: "2 seconds" } })
    const shared = RetryOn.among("Network", { SqlError: "3 seconds" })
    expect(waitsOf([new HttpError({ status: 503 })], { on: [made, "HttpError"], attempts: 2 })).toEqual([2000])
    expect(waitsOf([deadlock], { on: [shared], attempts: 2 })).toEqual([3000])
  })
})

describe("a backoff hook", () => {
  it("sees which attempt has failed, when, and how long was waited before it", () => {
    const seen: Array<ReadonlyArray<number>> = []
    waitsOf(["down"], {
      attempts: 3,
      on: (_, { elapsed, num, previousWait }) => {
        seen.push([num, Duration.toMillis(elapsed), Duration.toMillis(previousWait)])
        return true
      }
    })
    expect(seen).toEqual([[1, 0, 0], [2, 100, 100], [3, 300, 200]])
  })

  it("sees the same in the composed blocks", () => {
    const seen: Array<ReadonlyArray<number>> = []
    const time = new VirtualTime([0])
    const schedule = RetrySchedule.backoff({ waitJitter: 0 }).pipe(
      RetrySchedule.retryOn((_: string, { elapsed, num, previousWait }) => {
        seen.push([num, Duration.toMillis(elapsed), Duration.toMillis(previousWait)])
        return true
      }),
      RetrySchedule.limit({ attempts: 3 })
    )
    Effect.runSync(Effect.fail("down").pipe(Effect.retry(schedule), Effect.ignore, time.provide))
    // to end with an output, `limit` steps the schedule inside once more
    expect(seen).toEqual([[1, 0, 0], [2, 100, 100], [3, 300, 200]])
  })

  it("can say: three times for a deadlock, once for a 500, the first retry at once", () => {
    const on = (error: SqlError | HttpError, { num }: RetryOn.FailedAttempt) =>
      num < (error._tag === "SqlError" ? 4 : 2) && (num === 1 ? 0 : true)
    expect(waitsOf([deadlock], { on })).toEqual([0, 200, 400])
    expect(waitsOf([new HttpError({ status: 500 })], { on })).toEqual([0])
  })

  it("may make a hint by hand, if its numbers make sense", () => {
    expect(RetryOn.make(() => ({ _tag: "Hint", wait: 5, max: 10 }) as const)({})).toEqual({
      _tag: "Hint",
      wait: 5,
      max: 10
    })
    for (
      const hint of [{ _tag: "Hint" }, { _tag: "Hint", wait: NaN, max: 1 }, { _tag: "Hint", wait: "5", max: 1 }, {
        _tag: "Hint",
        wait: 5,
        max: -1
      }]
    ) {
      expect(() => RetryOn.make((() => hint) as unknown as () => boolean)({})).toThrow(
        /must answer true, false or a finite duration/
      )
    }
  })
})

describe("AttemptTimedOut", () => {
  const hangs = (time: VirtualTime) => {
    const seen = { calls: 0 }
    const effect: Effect.Effect<never, HttpError> = Effect.suspend(() => {
      seen.calls++
      return Effect.never
    })
    return { effect, seen, time }
  }
  const calls = (on: RetryOn.On<HttpError>) => {
    const { effect, seen, time } = hangs(new VirtualTime([0]))
    const program = Stamina.retry(effect, { on, attemptTimeout: 100, attempts: 3, waitInitial: 0, waitJitter: 0 })
    return Effect.runPromise(program.pipe(Effect.ignore, quiet, time.provide)).then(() => seen.calls)
  }

  it("is retried unless `on` names it and says no", async () => {
    expect(await calls("HttpError")).toBe(3)
    expect(await calls({ HttpError: true })).toBe(3)
    expect(await calls({ HttpError: true, AttemptTimedOut: false })).toBe(1)
    expect(await calls({ HttpError: true, AttemptTimedOut: ({ attempt }) => attempt < 2 })).toBe(2)
    expect(await calls(["HttpError", "AttemptTimedOut"])).toBe(3)
  })
})

describe("a Random that breaks its contract", () => {
  const waitsWith = (u: number) => {
    const time = new VirtualTime([0])
    const random: Random.Random = { nextDoubleUnsafe: () => u, nextIntUnsafe: () => 0 }
    Effect.runSync(
      Stamina.retry(Effect.fail("down"), { on: () => true, attempts: 3, waitMax: "1 hour" }).pipe(
        Effect.ignore,
        Effect.provideService(Random.Random, random),
        quiet,
        Effect.provideService(Random.Random, random),
        (self) => time.provide(Effect.provideService(self, Random.Random, random))
      )
    )
    return time.sleeps
  }

  it("makes no wait leave its bounds", () => {
    for (const u of [NaN, -1, -Infinity]) expect(waitsWith(u)).toEqual([100, 200])
    for (const u of [1, 7, Infinity]) {
      const [first = NaN, second = NaN] = waitsWith(u)
      expect([Math.round(first), Math.round(second)]).toEqual([1100, 1200])
      expect(first).toBeLessThanOrEqual(1100)
    }
  })
})

describe("RetrySchedule.backoff", () => {
  it("keeps its waits in test mode and where retries are off, so that a loop that polls stays one", () => {
    for (const layer of [Stamina.layerInactive, Stamina.layerTesting()]) {
      const time = new VirtualTime([0])
      let polls = 0
      Effect.runSync(
        Effect.sync(() => ++polls).pipe(
          Effect.repeat({ schedule: RetrySchedule.backoff({ waitInitial: 50, waitJitter: 0 }), until: (n) => n === 4 }),
          Effect.provide(layer),
          time.provide
        )
      )
      expect(time.sleeps).toEqual([50, 100, 200])
    }
  })
})

describe("the option `hooks`", () => {
  it("replaces the hooks around, for one retry", () => {
    const heard: Array<string> = []
    const mine = { onRetryScheduled: () => void heard.push("mine") }
    const around = Stamina.layerHooks([{ onRetryScheduled: () => void heard.push("around") }])
    const time = new VirtualTime([0])
    const retry = (hooks: ReadonlyArray<typeof mine> | undefined) =>
      Effect.ignore(
        Stamina.retry(Effect.fail("down"), { on: () => true, attempts: 2, waitInitial: 0, waitJitter: 0, hooks })
      )
    const all = Effect.all([retry([mine]), retry(undefined), retry([]), retry([mine, mine])])
    Effect.runSync(all.pipe(Effect.provide(around), time.provide))
    expect(heard).toEqual(["mine", "around", "mine", "mine"])
  })

  it("must be an array", () => {
    expect(() => Stamina.retry({ on: "Down", hooks: {} as [] })).toThrow(
      new RangeError("Stamina.retry: hooks must be an array of hooks, got {}")
    )
  })
})
