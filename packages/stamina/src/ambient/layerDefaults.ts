/**
 * Defaults for all retries of an application.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { given } from "../policy/input.ts"
import { curveFields, limitFields } from "../policy/model.ts"
import type * as RetryPolicy from "../policy/RetryPolicy.ts"
import { checkEither, checkKnown } from "../tools/check.ts"
import * as defaults from "./defaults.ts"

/**
 * What a run does about an error on which a run inside it has given up: retry it as well (`"allow"`), which multiplies
 * attempts, or stop with `AlreadyRetried` (`"once"`).
 *
 * @category models
 * @since 0.1.0
 */
export type Nesting = "allow" | "once"

/**
 * The options that can have a default for a whole application: the fields of a policy, and `nested`.
 *
 * **Details**
 *
 * `attemptTimeout` is not among them, for its error would be in nobody's type; nor is a budget, since one for all
 * dependencies would be wrong.
 *
 * @category models
 * @since 0.1.0
 */
export interface DefaultOptions extends RetryPolicy.Input {
  /** What to do about an error that a run inside has already retried. Default `"allow"`. */
  readonly nested?: Nesting | undefined
}

/**
 * Sets defaults for every retry where the layer is provided: `Stamina.layerDefaults`.
 *
 * **Details**
 *
 * Used for options that a retry leaves out. They override the defaults of `SqlRetry` and of this library. A layer
 * further inside refines those around it, field by field. They are read at a run's first failure and hold for that run,
 * so a call that succeeds pays nothing for them.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Example** (Short waits for a whole program)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * let calls = 0
 * const program = Effect.suspend(() => Effect.fail(++calls)).pipe(
 *   Stamina.retry({ on: () => true, waitJitter: 0 }),
 *   Effect.ignore,
 *   Effect.provide(Stamina.layerDefaults({ attempts: 3, waitInitial: "1 milli" }))
 * )
 *
 * Effect.runPromise(program).then(() => console.log(calls)) // 3
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: DefaultOptions): Layer.Layer<never> => {
  const caller = "Stamina.layerDefaults"
  checkKnown(caller, options, defaultFields)
  const policy = given(caller, options)
  const nested = options.nested === undefined ? undefined : checkNesting(caller, options.nested, "nested")
  return Layer.fresh(Layer.effect(
    defaults.Current,
    Effect.map(defaults.Current, (around) => defaults.within(around, { policy, nested }))
  ))
}

const defaultFields: ReadonlyArray<string> = /*#__PURE__*/ ["nested"].concat(limitFields, curveFields)

const checkNesting: (caller: string, value: unknown, field: string) => Nesting = /*#__PURE__*/ checkEither(
  "allow",
  "once"
)
