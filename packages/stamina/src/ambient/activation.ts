/**
 * The switches: are retries on, and are they in test mode.
 *
 * Each switch is a `Ref` behind a `Context.Reference`. Where nothing is provided, all fibers of the process share one
 * `Ref`, so that a single {@link setActive} reaches everything; a layer provides a fresh one, so that what a test
 * switches stays in that test.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { checkAttempts, checkBoolean, checkKnown } from "../tools/check.ts"

/**
 * Whether retries are on.
 *
 * @category services
 * @since 0.1.0
 */
export const Active: Context.Reference<Ref.Ref<boolean>> = /*#__PURE__*/ Context.Reference(
  "effect-stamina/Activation/Active",
  {
    defaultValue: () => Ref.makeUnsafe(true)
  }
)

/**
 * The test mode, when on.
 *
 * @category services
 * @since 0.1.0
 */
export const Testing: Context.Reference<Ref.Ref<Option.Option<TestMode>>> = /*#__PURE__*/ Context.Reference(
  "effect-stamina/Activation/Testing",
  { defaultValue: () => Ref.makeUnsafe(Option.none()) }
)

/**
 * What test mode puts in place of a policy's attempts.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestMode {
  /** Total number of calls: an integer ≥ 1, or `Infinity`. */
  readonly attempts: number
  /** Whether a policy that allows fewer attempts keeps them: then the smaller of the two numbers counts. */
  readonly cap: boolean
}

/**
 * How to set test mode: 1 attempt and no cap, unless said otherwise.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestingOptions {
  /** Total number of calls in place of the policy's: an integer ≥ 1, or `Infinity`. Default 1. */
  readonly attempts?: number | undefined
  /** Use the smaller of `attempts` and the policy's own. Default `false`. */
  readonly cap?: boolean | undefined
}

/**
 * Whether retries are on, as seen from here.
 *
 * @category switches
 * @since 0.1.0
 */
export const isActive: Effect.Effect<boolean> = /*#__PURE__*/ Effect.flatMap(Active, Ref.get)

/**
 * Switches retries on or off: in the whole process, or within the layer that provides a switch of its own here.
 *
 * **Details**
 *
 * Seen by every run whose first attempt fails from now on. A run that is already retrying goes on as it began.
 *
 * @category switches
 * @since 0.1.0
 */
export const setActive = (active: boolean): Effect.Effect<void> => {
  checkBoolean("Stamina.setActive", active, "active")
  return Effect.flatMap(Active, (ref) => Ref.set(ref, active))
}

/**
 * Switches retries off for what it is provided to, and for nothing else.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerInactive: Layer.Layer<never> = /*#__PURE__*/ Layer.fresh(
  /*#__PURE__*/ Layer.effect(Active, /*#__PURE__*/ Ref.make(false))
)

/**
 * Whether test mode is on, as seen from here.
 *
 * @category switches
 * @since 0.1.0
 */
export const isTesting: Effect.Effect<boolean> = /*#__PURE__*/ Effect.flatMap(
  Testing,
  (ref) => Effect.map(Ref.get(ref), Option.isSome)
)

/**
 * Switches test mode on (`true`, or with options) or off (`false`): in the whole process, or within the layer that
 * provides a switch of its own here.
 *
 * **Details**
 *
 * In test mode each run makes `attempts` calls at the most (with `cap`: or fewer, where the policy says so), waits
 * are 0, the timeout is ignored, and hooks still run. Retries that are switched off stay off.
 *
 * Throws a `RangeError` when `attempts` is not a number of attempts.
 *
 * @see {@link withTesting} and {@link layerTesting}, which leak into no other test
 * @category switches
 * @since 0.1.0
 */
export const setTesting = (testing: boolean | TestingOptions): Effect.Effect<void> => {
  const mode = toTestMode("Stamina.setTesting", testing)
  return Effect.flatMap(Testing, (ref) => Ref.set(ref, mode))
}

/**
 * Runs an effect in test mode (or, with `false`, out of it), and nothing else.
 *
 * **Example** (One effect without waits)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * const flaky = Effect.fail("down" as const).pipe(
 *   Effect.tapError((error) => Effect.log(error)),
 *   Stamina.retry({ on: () => true }),
 *   Effect.exit
 * )
 *
 * Effect.runPromise(flaky.pipe(Stamina.withTesting({ attempts: 3 }))) // logs three times, at once
 * ```
 *
 * @category switches
 * @since 0.1.0
 */
export const withTesting = (
  testing: boolean | TestingOptions = true
): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> => {
  const mode = toTestMode("Stamina.withTesting", testing)
  return (self) => Effect.provideServiceEffect(self, Testing, Ref.make(mode))
}

/**
 * Puts what it is provided to in test mode, and nothing else.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTesting = (options: TestingOptions = {}): Layer.Layer<never> => {
  const mode = toTestMode("Stamina.layerTesting", options)
  return Layer.fresh(Layer.effect(Testing, Ref.make(mode)))
}

const toTestMode = (caller: string, testing: boolean | TestingOptions): Option.Option<TestMode> => {
  if (testing === false) return Option.none()
  const options = testing === true ? {} : testing
  checkKnown(caller, options, ["attempts", "cap"])
  return Option.some({
    attempts: checkAttempts(caller, options.attempts ?? 1, "attempts"),
    cap: checkBoolean(caller, options.cap ?? false, "cap")
  })
}
