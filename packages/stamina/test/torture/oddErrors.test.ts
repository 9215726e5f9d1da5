/**
 * Errors that can hardly be looked at: whatever they are, they come out as they went in.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Predicate, Stream } from "effect"
import { type RetryHook, RetryOn, Stamina } from "effect-stamina"
import { runInNewContext } from "node:vm"
import { type Driver, drivers } from "../kit/drivers.ts"
import { recordLogs, recordSpans } from "../kit/telemetry.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const refuse = (): never => {
  throw new Error("a trap")
}

/** A getter that throws, where others look. */
const withGetter = (property: string, more: object = {}): object =>
  Object.defineProperty({ _tag: "Odd", ...more }, property, { get: refuse, enumerable: true })

const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const traps: Array<keyof ProxyHandler<object>> = [
  "get",
  "has",
  "ownKeys",
  "getPrototypeOf",
  "getOwnPropertyDescriptor",
  "set",
  "defineProperty",
  "deleteProperty",
  "isExtensible",
  "preventExtensions"
]

const circle: { readonly _tag: string; cause?: unknown } = { _tag: "Odd" }
circle.cause = circle

const odd: ReadonlyArray<readonly [what: string, make: () => unknown]> = [
  ...[
    "cause",
    "response",
    "message",
    "_tag",
    "constructor",
    "name",
    "stack",
    "reason",
    "toString",
    "toJSON",
    "code",
    "status"
  ]
    .map((property) => [`an object whose ${property} throws`, () => withGetter(property)] as const),
  ["an error whose message, name, stack and cause throw", () => {
    const error = new Error("odd")
    for (const property of ["message", "name", "stack", "cause", "toString"]) {
      Object.defineProperty(error, property, { get: refuse })
    }
    return error
  }],
  ["an object with a cause whose getters throw", () => ({ _tag: "Odd", cause: withGetter("cause") })],
  ["an object that cannot be made text of", () => ({ _tag: "Odd", [Symbol.toPrimitive]: refuse, toString: refuse })],
  [
    "an object that cannot be hashed or compared",
    () => ({ _tag: "Odd", "~effect/interfaces/Hash": refuse, "~effect/interfaces/Equal": refuse })
  ],
  ["a revoked proxy", () => revoked({})],
  ["a revoked proxy of a function", () => revoked(() => undefined)],
  ["a revoked proxy of an array", () => revoked([])],
  [
    "a proxy that throws whatever is asked",
    () => new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, refuse])))
  ],
  [
    "a proxy of an error that throws whatever is asked",
    () => new Proxy(new Error("odd"), Object.fromEntries(traps.map((trap) => [trap, refuse])))
  ],
  ["an object without a prototype", () => Object.create(null)],
  ["an object in a circle", () => circle],
  ["a frozen object", () => Object.freeze({ _tag: "Odd" })],
  ["an array", () => [withGetter("cause")]],
  ["a promise", () => Promise.resolve()],
  ["a function", () => refuse],
  ["an effect", () => Effect.void],
  ["a cause", () => Cause.fail(withGetter("cause"))],
  ["an error of another realm", () => runInNewContext("new TypeError('odd')")],
  ["a tagged object of another realm", () => runInNewContext("({ _tag: 'Odd', get cause() { throw 1 } })")],
  ...[undefined, null, 0, NaN, -0, "", "text", false, 7n, Symbol("odd")].map((value) =>
    [
      `the value ${
        Object.is(value, -0)
          ? "-0"
          : typeof value === "symbol"
          ? "of a symbol"
          : JSON.stringify(value, (_, one) => typeof one === "bigint" ? `${one}n` : one) ?? "undefined"
      } of type ${typeof value}`,
      () => value
    ] as const
  )
]

/** Sleeps at once. */
const inTime = <A, E, R>(self: Effect.Effect<A, E, R>) => new VirtualTime([0.5]).provide(self)

const waits = { waitInitial: 0, waitMax: 0, waitJitter: 0, attempts: 2 } as const

/** What `on` may say of an error that it cannot know. `throws` is what becomes of it then. */
const ons: ReadonlyArray<readonly [what: string, on: any, throws?: boolean]> = [
  ["a function that says yes", () => true],
  ["a function that says no", () => false],
  ["a function that asks for a wait", () => "1 second"],
  ["a function that asks for more", () => RetryOn.atLeast(10)],
  ["a function that throws", () => refuse(), true],
  ["a tag", "Odd"],
  ["a class", Error],
  ["tags and classes", ["Odd", TypeError]],
  ["a record", { Odd: true, Other: "1 second" }]
]

/** Looks at everything that it hears. */
const looking: RetryHook.RetryHook = {
  onRetryScheduled: ({ causedBy }) => Effect.logWarning("scheduled", causedBy),
  onGaveUp: ({ causedBy }) => Effect.logWarning("gave up", causedBy)
}

const surroundings: ReadonlyArray<readonly [string, Layer.Layer<never>, object]> = [
  ["default hooks", Layer.empty, {}],
  ["no hooks", Stamina.layerHooks([]), {}],
  ["messages in logs, and nested: \"once\"", Stamina.layerLogs({ messages: true }), { nested: "once" }],
  ["a hook that logs all, and spans", Stamina.layerHooks([...Stamina.defaultHooks, looking]), { spans: true }],
  ["retries switched off", Stamina.layerInactive, {}]
]

const knows = ({ name }: Driver, option: object): boolean =>
  name.startsWith("the blocks")
    ? Object.keys(option).length === 0
    : name.startsWith("Stamina.retryStream") || name.startsWith("Effect.retry")
    ? !("spans" in option)
    : true

for (const driver of drivers) {
  describe.each(surroundings)(`errors in ${driver.name}, with %s`, (_, layer, option) => {
    it.effect.each(odd)("%s comes out as it went in", ([, make]) =>
      Effect.gen(function*() {
        if (!knows(driver, option)) return
        for (const [, on, throws = false] of ons) {
          const error = make()
          if (isLostByEffect(error, driver)) continue
          let calls = 0
          const inside = () => Effect.suspend(() => (calls++, Effect.fail(error)))
          const exit = yield* inTime(Effect.exit(driver.build({ ...waits, ...option, on }, inside))).pipe(
            Effect.provide(layer),
            recordLogs().provide,
            Effect.withSpan("around"),
            recordSpans().provide
          )
          const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
          expect(calls).toBeGreaterThan(0)
          expect(reasons.map((reason) => reason._tag)).toEqual(
            [throws && layer !== Stamina.layerInactive ? "Die" : "Fail"]
          )
          const fail = reasons.find(Cause.isFailReason)
          if (fail !== undefined) expect(Object.is(fail.error, error)).toBe(true)
        }
      }))
  })
}

/** Effect asks all errors of a stream `in` which it may find a mark of its own. A proxy that throws then is lost. */
const isLostByEffect = (error: unknown, { name }: Driver): boolean => {
  if (!name.startsWith("Stamina.retryStream")) return false
  try {
    return Predicate.isObjectKeyword(error) && "mark" in error
  } catch {
    return true
  }
}

describe("a proxy that cannot be asked", () => {
  it.effect("is lost by Effect's own streams", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Stream.runDrain(Stream.fail(revoked({}))))
      expect(Exit.isFailure(exit) && exit.cause.reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
    }))
})

describe("an odd error in a run around another", () => {
  it.effect.each(odd)("%s comes out as it went in", ([, make]) =>
    Effect.gen(function*() {
      for (const nested of ["allow", "once"] as const) {
        const error = make()
        const inner = Stamina.retry(Effect.suspend(() => Effect.fail(error)), { ...waits, on: () => true })
        const exit = yield* inTime(Effect.exit(Stamina.retry(inner, { ...waits, on: () => true, nested }))).pipe(
          recordLogs().provide
        )
        const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
        expect(reasons.map((reason) => reason._tag === "Fail" && Object.is(reason.error, error))).toEqual([true])
        // an object can be asked for, whatever it is
        expect(Stamina.report(Exit.isFailure(exit) ? exit.cause : undefined)._tag).toBe("Some")
        expect(() => Stamina.report(error)).not.toThrow()
      }
    }))
})

const streams = drivers.find(({ name }) => name === "Stamina.retryStream") ?? expect.fail("no such driver")

describe("an odd error beside a finalizer that fails", () => {
  it.effect.each(odd)("%s comes out of a stream as it went in", ([, make]) =>
    Effect.gen(function*() {
      const error = make()
      if (isLostByEffect(error, streams)) return
      const stream = Stream.unwrap(Effect.as(
        Effect.addFinalizer(() => Effect.die("finalizer")),
        Stream.fromEffect(Effect.suspend(() => Effect.fail(error)))
      ))
      const exit = yield* inTime(
        Effect.exit(Stream.runDrain(Stamina.retryStream(stream, { ...waits, on: () => true })))
      ).pipe(recordLogs().provide)
      const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
      expect(reasons.some((reason) => reason._tag === "Fail" && Object.is(reason.error, error))).toBe(true)
      expect(reasons.some((reason) => reason._tag === "Die" && reason.defect === "finalizer")).toBe(true)
    }))
})
