import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Duration, Effect, Logger, Option } from "effect"
import { Door, RetryBudget, RetryPolicy, Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { AsyncLocalStorage } from "node:async_hooks"
import { unlogged } from "../kit/unlogged.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

/** Retries without waits that nobody hears of. */
const quick = { waitInitial: 0, waitJitter: 0, hooks: [], attempts: 5 } as const

class Down extends Error {
  override readonly name: string = "Down"
}

/** Fails so often, each time with another error, and then answers. */
const flaky = (failures: number, make: (n: number) => unknown = (n) => new Down(`${n}`)) => {
  const errors: Array<unknown> = []
  const fn = async () => {
    if (errors.length === failures) return "ok"
    errors.push(make(errors.length + 1))
    throw errors.at(-1)
  }
  return { errors, fn }
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => expect.fail("it resolved"), (error: unknown) => error)

describe("RetryPromise.retry", () => {
  it("resolves with the value of the first attempt that does not fail", async () => {
    const { errors, fn } = flaky(2)
    expect(await RetryPromise.retry(fn, { ...quick, on: Down })).toBe("ok")
    expect(errors).toHaveLength(2)
  })

  it("rejects with the very last error, the same object", async () => {
    const { errors, fn } = flaky(9)
    expect(await rejection(RetryPromise.retry(fn, { ...quick, on: Down }))).toBe(errors[4])
    expect(errors).toHaveLength(5)
  })

  it("makes the first attempt at once, and takes what it throws for a rejection", async () => {
    let calls = 0
    const promise = RetryPromise.retry(() => {
      if (++calls < 3) throw new Down()
      return calls
    }, { ...quick, on: Down })
    expect(calls).toBe(1)
    expect(await promise).toBe(3)
  })

  it("takes values and thenables as well as promises", async () => {
    let calls = 0
    const thenable: PromiseLike<string> = {
      // oxlint-disable-next-line unicorn/no-thenable
      then: (resolve, reject) => {
        if (++calls < 2) return Promise.reject(new Down()).then(undefined, reject) as never
        return Promise.resolve("ok").then(resolve) as never
      }
    }
    expect(await RetryPromise.retry(() => 1, { on: Down })).toBe(1)
    expect(await RetryPromise.retry(() => thenable, { ...quick, on: Down })).toBe("ok")
    expect(calls).toBe(2)
  })

  it("does not retry what `on` does not name", async () => {
    const { errors, fn } = flaky(3, () => new TypeError("a bug"))
    expect(await rejection(RetryPromise.retry(fn, { ...quick, on: Down }))).toBe(errors[0])
    expect(errors).toHaveLength(1)
  })

  it("hands each attempt its number, the wait after it, and the error before", async () => {
    const { errors, fn } = flaky(3)
    const seen: Array<unknown> = []
    const time = new VirtualTime([0.5])
    const { retry } = RetryPromise.fromContext(await Effect.runPromise(time.provide(Effect.context())))
    await retry(({ nextWait, num, previous }) => {
      seen.push([num, Duration.toMillis(nextWait), Option.getOrUndefined(previous)])
      return fn()
    }, { on: Down, waitJitter: 10, hooks: [] })
    expect(seen).toEqual([[1, 100, undefined], [2, 200, errors[0]], [3, 400, errors[1]], [4, 800, errors[2]]])
    expect(time.sleeps).toEqual([105, 205, 405])
  })

  it("says to the first attempt that there is no wait where retries are off or tested", async () => {
    for (const layer of [Stamina.layerInactive, Stamina.layerTesting({ attempts: 3 })]) {
      const functions = RetryPromise.make({ layer })
      expect(await functions.retry(({ nextWait }) => Duration.toMillis(nextWait), { on: Down })).toBe(0)
      await functions.dispose()
    }
  })

  it("tells of its attempts in a report", async () => {
    const { errors, fn } = flaky(9)
    const error = await rejection(RetryPromise.retry(fn, { ...quick, on: Down, attempts: 3 }))
    const report = Option.getOrThrow(Stamina.report(error))
    expect([report.reason, report.attempts]).toEqual(["AttemptsExhausted", 3])
    expect(report.history.map(({ error }) => error)).toEqual(errors)
  })

  it("knows of the retries inside an attempt", async () => {
    const { fn } = flaky(99)
    const inner = () => RetryPromise.retry(fn, { ...quick, on: Down, attempts: 3 })
    const error = await rejection(RetryPromise.retry(inner, { ...quick, on: Down, nested: "once" }))
    const report = Option.getOrThrow(Stamina.report(error))
    expect([report.reason, report.attempts, report.calls]).toEqual(["AlreadyRetried", 1, 3])
  })

  it("takes a policy, and its own options over it", async () => {
    const policy = RetryPolicy.make({ attempts: 2, waitInitial: 0, waitJitter: 0 })
    const { errors, fn } = flaky(9)
    await rejection(RetryPromise.retry(fn, { ...policy, on: Down, hooks: [] }))
    expect(errors).toHaveLength(2)
    await rejection(RetryPromise.retry(fn, { ...policy, attempts: 3, on: Down, hooks: [] }))
    expect(errors).toHaveLength(5)
  })

  it("is called by its option, else by its function, else not at all", async () => {
    const names: Array<string> = []
    const options = {
      ...quick,
      on: Down,
      hooks: [{ onGaveUp: ({ name }) => void names.push(name) }]
    } satisfies RetryPromise.Options
    const load = () => Promise.reject(new Down())
    await rejection(RetryPromise.retry(load, options))
    await rejection(RetryPromise.retry(load, { ...options, name: "search" }))
    await rejection(RetryPromise.retry(() => load(), options))
    expect(names).toEqual(["load", "search", "<unnamed>"])
  })

  it("keeps what AsyncLocalStorage holds in every attempt, and in hooks", async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<string | undefined> = []
    const hook = { onRetryScheduled: () => void seen.push(storage.getStore()) }
    const { fn } = flaky(2)
    await storage.run("request 1", () =>
      RetryPromise.retry(() => {
        seen.push(storage.getStore())
        return fn()
      }, { ...quick, waitInitial: 1, on: Down, hooks: [hook] }))
    expect(seen).toEqual(Array.from({ length: 5 }, () => "request 1"))
  })

  it("passes on odd rejections as they are", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const throwing = {
      get code(): string {
        throw new Error("no code")
      },
      get name(): string {
        throw new Error("no name")
      },
      get cause(): string {
        throw new Error("no cause")
      }
    }
    for (const odd of [undefined, null, 0, "text", Symbol("odd"), Object.freeze({}), throwing, proxy]) {
      let calls = 0
      const named = () => {
        calls++
        return Promise.reject(odd)
      }
      expect(await RetryPromise.retry(named, { ...quick, on: "Down" }).catch((error: unknown) => error === odd)).toBe(
        true
      )
      expect(calls).toBe(1)
      expect(
        await RetryPromise.retry(named, { ...quick, on: () => true }).catch((error: unknown) => error === odd)
      ).toBe(true)
      expect(calls).toBe(6)
    }
  })

  it("rejects with what `on` throws, which is a mistake, and its report leads to the error", async () => {
    const mistake = new TypeError("a bug in `on`")
    const { errors, fn } = flaky(3)
    const on = () => {
      throw mistake
    }
    const { retry } = RetryPromise.fromContext(Context.make(Logger.CurrentLoggers, new Set()))
    expect(await rejection(retry(fn, { ...quick, on }))).toBe(mistake)
    expect(mistake.cause).toBe(errors[0])
    expect(errors).toHaveLength(1)
    expect(Option.getOrThrow(Stamina.report(mistake)).history[0]?.error).toBe(errors[0])
    const error = await rejection(retry(fn, { ...quick, on: () => Number.NaN }))
    expect(error).toEqual(
      new RangeError("RetryPromise.retry: on must answer true, false or a finite duration, got NaN")
    )
  })

  it("rejects with a RangeError where an option is bad, and makes no attempt", async () => {
    let calls = 0
    const fn = () => ++calls
    const bad: ReadonlyArray<readonly [object | undefined, string]> = [
      [{}, "on must be a name or code of errors, an error class, a function"],
      [{ on: [] }, "on must be a name or code of errors"],
      [{ on: 14 }, "on must be a name or code of errors"],
      [{ on: Down, attempts: 0 }, "attempts must be an integer >= 1 or Infinity, got 0"],
      [{ on: Down, attempt: 3 }, "unknown option \"attempt\""],
      [{ on: Down, signal: {} }, "signal must be an AbortSignal"],
      [{ on: Down, attemptTimeout: 0 }, "attemptTimeout must be a duration > 0"],
      [{ on: { Down: "soon" } }, "on.Down must be"],
      [undefined, "options must be an object"]
    ]
    for (const [options, message] of bad) {
      const error = await rejection(RetryPromise.retry(fn, options as any))
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toHaveProperty("message", expect.stringContaining(`RetryPromise.retry: ${message}`))
    }
    expect(calls).toBe(0)
  })

  it("refuses what is no function, and generators, whose failures it would not see", async () => {
    const refused = [undefined, 7, "fn", function*() {}, async function*() {}]
    for (const fn of refused) {
      expect(await rejection(RetryPromise.retry(fn as any, { on: Down }))).toBeInstanceOf(RangeError)
      expect(() => RetryPromise.retried({ on: Down })(fn as any)).toThrow(RangeError)
    }
  })
})

describe("an attempt that takes too long", () => {
  it("has its signal aborted, is retried, and comes out as AttemptTimedOut", async () => {
    const signals: Array<AbortSignal> = []
    const error = await rejection(RetryPromise.retry((attempt) => {
      signals.push(attempt.signal)
      return new Promise(() => {})
    }, { ...quick, on: Down, attempts: 2, attemptTimeout: 5 }))
    expect(error).toBeInstanceOf(Stamina.AttemptTimedOut)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  it("comes out as AttemptTimedOut if it rejects as soon as it is aborted, too", async () => {
    const error = await rejection(
      RetryPromise.retry(
        ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        {
          ...quick,
          on: Down,
          attempts: 2,
          attemptTimeout: 5
        }
      )
    )
    expect(error).toBeInstanceOf(Stamina.AttemptTimedOut)
  })

  it("finds its signal aborted where it looks at it too late", async () => {
    const late: Array<RetryPromise.PromiseAttempt> = []
    await rejection(RetryPromise.retry((attempt) => {
      late.push(attempt)
      return new Promise(() => {})
    }, { ...quick, on: Down, attempts: 1, attemptTimeout: 5 }))
    expect(late[0]?.signal.aborted).toBe(true)
  })

  it("is not retried where `on` names it and says no", async () => {
    let calls = 0
    const hangs = () => {
      calls++
      return new Promise(() => {})
    }
    await rejection(
      RetryPromise.retry(hangs, { ...quick, on: { Down: true, AttemptTimedOut: false }, attemptTimeout: 5 })
    )
    expect(calls).toBe(1)
  })

  it("is not aborted once it has ended", async () => {
    const signals: Array<AbortSignal> = []
    const { fn } = flaky(1)
    await RetryPromise.retry((attempt) => {
      signals.push(attempt.signal)
      return fn()
    }, { ...quick, on: Down, attemptTimeout: "1 minute" })
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
  })
})

describe("a budget", () => {
  const quiet = RetryPromise.fromContext(Context.make(Logger.CurrentLoggers, new Set()))
  const tokens = async (budget: RetryBudget.RetryBudget) => (await Effect.runPromise(budget.state)).tokens

  it("is credited and debited as by `Stamina.retry`", async () => {
    const make = () => RetryBudget.makeUnsafe({ capacity: 4, refill: 0.5, whenEmpty: "refuse" })
    const [mine, theirs] = [make(), make()]
    for (const failures of [9, 0, 1, 0, 2, 9]) {
      const options = { ...quick, on: () => true, attempts: 3 }
      const promise = quiet.retry(flaky(failures).fn, { ...options, budget: mine })
      await promise.catch(() => undefined)
      const { fn } = flaky(failures)
      const effect = Effect.tryPromise({ try: fn, catch: (error) => error as { readonly message: string } })
      await Effect.runPromise(effect.pipe(Stamina.retry({ ...options, budget: theirs }), Effect.ignore, unlogged))
      expect(await tokens(mine)).toBe(await tokens(theirs))
    }
    expect(await tokens(mine)).toBeLessThan(4)
  })

  it("ends a run when it is spent", async () => {
    const budget = RetryBudget.makeUnsafe({ capacity: 2, refill: 0, whenEmpty: "refuse" })
    const { errors, fn } = flaky(9)
    const error = await rejection(quiet.retry(fn, { ...quick, on: Down, budget }))
    expect(error).toBe(errors[2])
    expect(Option.getOrThrow(Stamina.report(error)).reason).toBe("BudgetExhausted")
  })
})

describe("a door", () => {
  it("hears of the call before the first attempt, of failures, and that the last retry has succeeded", async () => {
    const heard: Array<string> = []
    const door = Door.make({
      called: () => void heard.push("called"),
      failed: ({ attempt }) => void heard.push(`failed ${attempt}`),
      ask: ({ retryNum }) => {
        heard.push(`ask ${retryNum}`)
        return { _tag: "Granted" }
      },
      succeeded: () => void heard.push("succeeded"),
      unused: () => void heard.push("unused")
    })
    const { fn } = flaky(1)
    await RetryPromise.retry(() => {
      heard.push("attempt")
      return fn()
    }, { ...quick, on: Down, door })
    expect(heard).toEqual(["called", "attempt", "failed 1", "ask 1", "attempt", "succeeded"])
  })

  it("is not asked for a retry whose call is cancelled in its wait", async () => {
    const heard: Array<string> = []
    const door = Door.make({
      called: () => {},
      failed: () => {},
      ask: () => (heard.push("ask"), { _tag: "Granted" }),
      succeeded: () => void heard.push("succeeded"),
      unused: () => void heard.push("unused")
    })
    const controller = new AbortController()
    const hook = { onRetryScheduled: () => void setImmediate(() => controller.abort()) }
    const options = { ...quick, waitInitial: "1 hour", on: Down, door, hooks: [hook] } as const
    await rejection(RetryPromise.retry(flaky(9).fn, { ...options, signal: controller.signal }))
    expect(heard).toEqual([])
  })
})

describe("the switches of the process", () => {
  it("hold here, too", async () => {
    const { errors, fn } = flaky(99)
    const again = () => rejection(RetryPromise.retry(fn, { ...quick, waitInitial: "1 hour", on: Down }))
    try {
      await Effect.runPromise(Stamina.setActive(false))
      await again()
      expect(errors).toHaveLength(1)
      await Effect.runPromise(Effect.andThen(Stamina.setActive(true), Stamina.setTesting({ attempts: 3 })))
      await again()
      expect(errors).toHaveLength(4)
    } finally {
      await Effect.runPromise(Effect.andThen(Stamina.setActive(true), Stamina.setTesting(false)))
    }
  })
})

describe("RetryPromise.retried", () => {
  it("keeps parameters, `this`, name and length", async () => {
    let calls = 0
    const service = {
      offset: 1,
      add: RetryPromise.retried({ ...quick, on: Down })(
        async function add(this: { readonly offset: number }, one: number, other: number) {
          if (++calls < 3) throw new Down()
          return this.offset + one + other
        }
      )
    }
    expect(await service.add(2, 3)).toBe(6)
    expect([calls, service.add.name, service.add.length]).toEqual([3, "add", 2])
  })

  it("wraps a function that throws, too, and names the run after it", async () => {
    const names: Array<string> = []
    const hooks = [{ onGaveUp: ({ name }: { readonly name: string }) => void names.push(name) }]
    const parse = RetryPromise.retried((text: string): number => JSON.parse(text), {
      ...quick,
      hooks,
      on: "SyntaxError",
      name: "parse"
    })
    expect(await parse("7")).toBe(7)
    expect(await rejection(parse("{"))).toBeInstanceOf(SyntaxError)
    const load = RetryPromise.retried({ ...quick, hooks, on: Down })(async function load() {
      throw new Down()
    })
    await rejection(load())
    expect(names).toEqual(["parse", "load"])
  })

  it("counts for each call by itself", async () => {
    const seen = new Map<number, number>()
    const load = RetryPromise.retried({ ...quick, on: Down })(async (id: number) => {
      const calls = (seen.get(id) ?? 0) + 1
      seen.set(id, calls)
      if (calls <= id) throw new Down()
      return id
    })
    expect(await Promise.all([4, 0, 2, 3].map(load))).toEqual([4, 0, 2, 3])
    expect(Object.fromEntries(seen)).toEqual({ 0: 1, 2: 3, 3: 4, 4: 5 })
  })

  it("finds the signal of a call among its arguments", async () => {
    const load = RetryPromise.retried({
      ...quick,
      waitInitial: "1 hour",
      on: Down,
      signal: (_id: number, signal?: AbortSignal) => signal
    })(async (id: number, _signal?: AbortSignal) => {
      if (id > 0) throw new Down()
      return id
    })
    const controller = new AbortController()
    const promise = load(1, controller.signal)
    controller.abort("enough")
    expect(await rejection(promise)).toBe("enough")
    expect(await load(0)).toBe(0)
  })

  it("rejects where the signal cannot be found, or is none", async () => {
    const lost = new Error("no signal here")
    const throwing = RetryPromise.retried(async () => 1, {
      on: Down,
      signal: () => {
        throw lost
      }
    })
    expect(await rejection(throwing())).toBe(lost)
    const wrong = RetryPromise.retried(async () => 1, { on: Down, signal: () => 7 as any })
    expect(await rejection(wrong())).toBeInstanceOf(RangeError)
  })

  it("throws at once where an option is bad, and where anything but a method is decorated", () => {
    const retried = RetryPromise.retried as any
    expect(() => retried({ on: Down, attempts: 0 })).toThrow("RetryPromise.retried: attempts must be")
    expect(() => retried({})).toThrow("RetryPromise.retried: on must be")
    expect(() => retried()).toThrow("RetryPromise.retried: options must be an object")
    expect(() => retried(async () => 1)).toThrow("RetryPromise.retried: options must be an object")
    expect(() => retried({ on: Down, signal: new AbortController().signal })).toThrow(
      "RetryPromise.retried: signal must be a function"
    )
    const decorator = retried({ on: Down })
    expect(() => decorator(undefined, { kind: "field" })).toThrow("what is decorated must be a method")
    expect(() => decorator(Down, { kind: "class" })).toThrow("what is decorated must be a method")
    expect(decorator(async () => 1, { kind: "method" })).toBeTypeOf("function")
  })
})

describe("the names of errors", () => {
  class Tagged extends Data.TaggedError("Tagged")<{ readonly reason: { readonly _tag: string } }> {}
  const coded = (code: unknown, cause?: unknown) => Object.assign(new TypeError("fetch failed", { cause }), { code })

  const isRetried = async (on: RetryPromise.On, error: unknown): Promise<boolean> => {
    let calls = 0
    await rejection(RetryPromise.retry(() => {
      calls++
      return Promise.reject(error)
    }, { ...quick, attempts: 2, on }))
    return calls === 2
  }

  const refused = () => coded("ECONNREFUSED")
  const all = (...errors: ReadonlyArray<unknown>) => new AggregateError(errors)
  const itself = all(refused())
  itself.errors.push(itself)

  it.each<readonly [string, RetryPromise.On, unknown, boolean]>([
    ["errors of which each is named", "ECONNREFUSED", all(refused(), refused()), true],
    ["errors of which one is not", "ECONNREFUSED", all(refused(), new RangeError()), false],
    ["errors with different names", ["ECONNREFUSED", "RangeError"], all(refused(), new RangeError()), true],
    ["errors in a record", { ECONNREFUSED: true, RangeError: 1 }, all(refused(), new RangeError()), true],
    [
      "errors to one of which a record says no",
      { ECONNREFUSED: true, RangeError: false },
      all(refused(), new RangeError()),
      false
    ],
    ["errors of a cause", "ECONNREFUSED", new TypeError("fetch failed", { cause: all(refused()) }), true],
    [
      "a code beside errors, which goes first",
      "ENETUNREACH",
      Object.assign(all(refused()), { code: "ENETUNREACH" }),
      true
    ],
    ["the name of all of them", "AggregateError", all(refused(), new RangeError()), true],
    ["a no to all of them", { AggregateError: false, ECONNREFUSED: true }, all(refused()), false],
    ["no errors at all", "ECONNREFUSED", all(), false],
    ["errors of which one is all of them", "ECONNREFUSED", itself, false]
  ])("finds %s in an AggregateError", async (_, on, error, expected) => {
    expect(await isRetried(on, error)).toBe(expected)
  })

  it.each<readonly [string, RetryPromise.On, unknown, boolean]>([
    ["a name", "TypeError", new TypeError(), true],
    ["another name", "RangeError", new TypeError(), false],
    ["the name of a DOMException", "TimeoutError", new DOMException("", "TimeoutError"), true],
    ["a code", "ECONNRESET", coded("ECONNRESET"), true],
    ["another code", "ECONNREFUSED", coded("ECONNRESET"), false],
    ["the code of a cause", "ECONNRESET", coded(undefined, coded("ECONNRESET")), true],
    ["the code of a cause of a cause", "ECONNRESET", coded(7, coded("X", coded("ECONNRESET"))), true],
    ["the name of a cause", "Down", coded(undefined, new Down()), false],
    ["a code that is a number", "14", coded(14), false],
    ["a tag", "Tagged", new Tagged({ reason: { _tag: "Busy" } }), true],
    ["a tag with its reason", "Tagged.Busy", new Tagged({ reason: { _tag: "Busy" } }), true],
    ["a tag with another reason", "Tagged.Down", new Tagged({ reason: { _tag: "Busy" } }), false],
    ["a class", Down, new Down(), true],
    ["an abstract class's subclass", Error, new Down(), true],
    ["another class", RangeError, new Down(), false],
    ["a list of names", ["EPIPE", "ECONNRESET"], coded("ECONNRESET"), true],
    ["a mixed list", [Down, "ECONNRESET", (error) => error === 7], 7, true],
    ["a mixed list that names something else", [Down, "ECONNRESET", (error) => error === 7], 8, false],
    ["a function", (error) => error instanceof Down, new Down(), true],
    ["a record", { ECONNRESET: true, Down: 0 }, new Down(), true],
    ["a record with a function", { Down: (error) => error instanceof TypeError }, new Down(), false],
    [
      "a record whose code says no, whatever the name says",
      { ECONNRESET: false, TypeError: true },
      coded("ECONNRESET"),
      false
    ],
    [
      "a record whose code says yes, whatever the name says",
      { TypeError: false, ECONNRESET: true },
      coded(undefined, coded("ECONNRESET")),
      true
    ],
    [
      "a record whose tag says no, whatever the name says",
      { Tagged: false, Error: true },
      Object.assign(new Error(), { _tag: "Tagged" }),
      false
    ]
  ])("match: %s", async (_, on, error, expected) => {
    expect(await isRetried(on, error)).toBe(expected)
  })

  it("of a record may have waits and backoffs of their own", async () => {
    const time = new VirtualTime([0])
    const { retry } = RetryPromise.fromContext(await Effect.runPromise(time.provide(Effect.context())))
    const errors = [coded("ECONNRESET"), new Down(), coded("ECONNRESET")]
    const fn = async () => {
      const error = errors.shift()
      if (error !== undefined) throw error
      return "ok"
    }
    await retry(fn, { on: { ECONNRESET: "3 seconds", Down: { waitInitial: 7, waitExpBase: 1 } }, hooks: [] })
    expect(time.sleeps).toEqual([3000, 7, 3000])
  })
})
