/**
 * Random runs: policies, scripts of outcomes, and random numbers.
 */
import { Arbitrary, Schema } from "effect"
import { RetryPolicy } from "effect-stamina"
import type { Case } from "./conformance.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const millis = between(0, 20_000)

export const numberBelow1 = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 - 2 ** -53 }))

const step = Schema.Union([
  Schema.Struct({ ms: between(0, 300), tag: Schema.Literals(["HttpError", "NetworkError", "Other"]) }),
  Schema.Struct({ ms: between(0, 300), ok: Schema.Literal(true) })
])

const hookStep = Schema.Struct({
  ms: between(0, 300),
  tag: Schema.Literals(["HttpError", "Other"]),
  hook: Schema.Union([Schema.Boolean, Schema.Struct({ ms: millis })]),
  hookMs: between(0, 50)
})

/** Every shape that has a name. */
export const shapeNames = RetryPolicy.shapeNames

/** Every shape, each by its name or as a list. */
export const shapes: Schema.Codec<RetryPolicy.BackoffShape<number>> = Schema.Union([
  Schema.Literals(shapeNames),
  Schema.NonEmptyArray(millis)
])

const options = Schema.Struct(
  {
    attempts: Schema.Union([between(1, 40), Schema.Null]),
    timeout: Schema.Union([between(1, 60_000), Schema.Null]),
    waitInitial: millis,
    waitMax: millis,
    waitJitter: Schema.Union([millis, Schema.Literals([0, "0%", "20%", "100%"])]),
    waitExpBase: Schema.Union([
      Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
      Schema.Literals([0, 1, 2, 1e50, 1e308])
    ]),
    backoff: shapes,
    overshoot: Schema.Literals(["allow", "refuse"])
  } satisfies Record<keyof RetryPolicy.Input, Schema.Top>
)

/** Lifts the limit of attempts only where the timeout is sure to end the run before long. */
const limited = (c: typeof options.Type): typeof options.Type =>
  c.attempts === null && (c.timeout === null || shortestLater(c) < 500) ? { ...c, attempts: 40 } : c

/** A wait that no later one falls short of by more than half. */
const shortestLater = ({ backoff, waitExpBase, waitInitial, waitJitter, waitMax }: typeof options.Type): number => {
  if (waitJitter === "100%") return 0
  if (typeof backoff !== "string") return Math.min(waitMax, backoff.at(-1) ?? 0)
  if (backoff === "full") return 0
  return waitExpBase < 1 && (backoff === "additive" || backoff === "equal") ? 0 : Math.min(waitMax, waitInitial)
}

const shared = {
  options,
  random: Schema.NonEmptyArray(numberBelow1)
}

const byTag = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({ ...shared, script: Schema.NonEmptyArray(step) })),
  (c): Case => ({ ...c, on: ["HttpError", "NetworkError"], ...rest, options: limited(c.options) })
)

const byHook = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({ ...shared, script: Schema.NonEmptyArray(hookStep) })),
  // a hook may ask for no wait at all, so only the attempts are sure to end the run
  (c): Case => ({ ...c, on: "hook", ...rest, options: { ...c.options, attempts: c.options.attempts ?? 40 } })
)

const rest = {
  id: "random",
  mode: { kind: "normal" },
  expect: { attempts: 0, final: "", waits: [], starts: [], elapsed: 0, details: [], nextWaits: [] }
} as const

/** Runs of every kind. */
export const runs = Arbitrary.flatMap(Arbitrary.schema(Schema.Boolean), (tags) => tags ? byTag : byHook)

/** Runs that take only default waits. */
export const defaultRuns = byTag

/** Runs in which each wait follows the one before, and waits are asked for in between. */
export const decorrelatedRuns = Arbitrary.map(byHook, (c): Case => ({
  ...c,
  options: { ...c.options, backoff: "decorrelated", attempts: 20, timeout: null, waitInitial: 100, waitMax: 100_000 }
}))
