import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import { VirtualTime } from "../kit/VirtualTime.ts"

const failing = Effect.fail({ _tag: "Down" } as const)
const plain = { on: "Down", waitJitter: 0 } as const

/** The waits of a run that always fails. */
const waitsOf = (program: Effect.Effect<unknown, unknown>, around: Effect.Effect<void> = Effect.void) => {
  const time = new VirtualTime([0.5])
  Effect.runSync(
    Effect.andThen(around, program).pipe(
      Effect.ignore,
      Effect.provide(Stamina.layerHooks([])),
      time.provide
    )
  )
  return time.sleeps
}

describe("Stamina.layerDefaults", () => {
  const two = Stamina.layerDefaults({ attempts: 3, waitInitial: 10 })

  it("fills in what the options leave open, and the library's defaults fill in the rest", () => {
    expect(waitsOf(Stamina.retry(failing, plain).pipe(Effect.provide(two)))).toEqual([10, 20])
    expect(waitsOf(failing.pipe(Stamina.retry({ ...plain, waitExpBase: 3 }), Effect.provide(two)))).toEqual([10, 30])
    expect(waitsOf(Effect.retry(failing, staminaSchedule(plain)).pipe(Effect.provide(two)))).toEqual([10, 20])
    expect(waitsOf(Stamina.retryContext(plain, () => failing).pipe(Effect.provide(two)))).toEqual([10, 20])
    expect(waitsOf(Stamina.retried(plain)(() => failing)().pipe(Effect.provide(two)))).toEqual([10, 20])
  })

  it("stands below what the options say, also where they say the library's default", () => {
    const program = Stamina.retry(failing, { ...plain, attempts: 2, waitInitial: "100 millis" })
    expect(waitsOf(program.pipe(Effect.provide(two)))).toEqual([100])
    expect(waitsOf(
      Stamina.retry(failing, { ...plain, ...RetryPolicy.defaults, waitJitter: 0, attempts: 2 }).pipe(
        Effect.provide(two)
      )
    )).toEqual([100])
  })

  it("refines the layer around it, field by field", () => {
    const program = Stamina.retry(failing, plain).pipe(
      Effect.provide(Stamina.layerDefaults({ waitInitial: 50 })),
      Effect.provide(two)
    )
    expect(waitsOf(program)).toEqual([50, 100])
  })

  it("holds where it is provided, and nowhere else", () => {
    const retry = Stamina.retry({ ...plain, attempts: 2 })
    const both = Effect.andThen(
      Effect.ignore(retry(failing).pipe(Effect.provide(two))),
      Effect.ignore(retry(failing))
    )
    expect(waitsOf(both)).toEqual([10, 100])
  })

  it("sets `nested`, below what a retry says itself", () => {
    const calls = (outer: "allow" | "once" | undefined) => {
      let calls = 0
      const counting = Effect.suspend(() => {
        calls++
        return failing
      })
      const two = { ...plain, attempts: 2 }
      waitsOf(counting.pipe(
        Stamina.retry(two),
        Stamina.retry({ ...two, nested: outer }),
        Effect.provide(Stamina.layerDefaults({ nested: "once" }))
      ))
      return calls
    }
    expect([calls(undefined), calls("once"), calls("allow")]).toEqual([2, 2, 4])
  })

  it("refuses what is out of range or unknown when it is made", () => {
    expect(() => Stamina.layerDefaults({ attempts: 0 })).toThrow(
      new RangeError("Stamina.layerDefaults: attempts must be an integer >= 1 or Infinity, got 0")
    )
    expect(() => Stamina.layerDefaults({ nested: "twice" as "once" })).toThrow(
      new RangeError("Stamina.layerDefaults: nested must be \"allow\" or \"once\", got \"twice\"")
    )
    const timed: Stamina.DefaultOptions & { readonly attemptTimeout: number } = { attemptTimeout: 1000 }
    expect(() => Stamina.layerDefaults(timed)).toThrow(/^Stamina\.layerDefaults: unknown option "attemptTimeout"/)
  })
})
