/**
 * Retries that mind a circuit breaker: Effect's `CircuitBreaker` as a door that retries pass.
 *
 * **Unstable**, like the part of Effect that it stands on: `effect/persistence` may change in a minor release, and this
 * module with it. It is no part of the main entry: `import * as BreakerRetry from "effect-stamina/BreakerRetry"`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { CircuitBreaker } from "effect/persistence/CircuitBreaker"
import { type Answer, type Door, make } from "../budget/Door.ts"
import { checkEither, checkKnown, refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"

/**
 * The options of {@link door}.
 *
 * @stability unstable
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The key of the circuit. */
  readonly key: string
  /**
   * What a run does that would retry while the circuit is open: give up with `CircuitOpen` and its last error (`"stop"`), or
   * wait until the circuit lets a call through, where its limits allow that (`"wait"`). Default `"stop"`.
   */
  readonly whenOpen?: "stop" | "wait" | undefined
}

/**
 * A circuit as the option `door` of whatever retries: no run retries into a circuit that is open.
 *
 * **Details**
 *
 * The circuit is looked at before each retry, and not before first attempts, which `breaker.execute` rejects. It does not
 * matter whether the retry is inside `execute` or around it: the circuit may have been opened by other calls. If the store
 * of the circuit fails, or does not answer within 500 ms, the retry is made.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * Around `execute`, a call may also fail with `CircuitBreakerError`, which `on` has to name where it is to be waited for:
 * `"CircuitBreakerError.CircuitOpen"`.
 *
 * A breaker and a budget do different things. A budget limits retries and lets all first attempts through; a breaker
 * keeps back first attempts, too. They can stand together.
 *
 * **Example** (Giving up once the circuit is open)
 *
 * ```ts
 * import { Data, Effect, Option } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as BreakerRetry from "effect-stamina/BreakerRetry"
 * import { CircuitBreaker } from "effect/persistence"
 *
 * class Down extends Data.TaggedError("Down") {}
 *
 * const program = Effect.gen(function*() {
 *   const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(2), openDuration: "30 seconds" })
 *   const call = Effect.fail(new Down()).pipe(
 *     breaker.execute({ key: "stock" }),
 *     Stamina.retry({
 *       on: "Down",
 *       waitInitial: "1 milli",
 *       waitJitter: 0,
 *       hooks: [],
 *       door: BreakerRetry.door(breaker, { key: "stock" })
 *     })
 *   )
 *   const error = yield* Effect.flip(call)
 *   return Option.map(Stamina.report(error), ({ attempts, reason }) => `${reason} after ${attempts} attempts`)
 * }).pipe(Effect.scoped, Effect.provide(CircuitBreaker.layerStoreMemory()))
 *
 * Effect.runPromise(program).then((said) => console.log(Option.getOrNull(said))) // CircuitOpen after 2 attempts
 * ```
 *
 * @stability unstable
 * @category constructors
 * @since 0.1.0
 */
export const door = (breaker: CircuitBreaker, options: Options): Door => {
  checkKnown(caller, options, ["key", "whenOpen"])
  const { key, whenOpen = "stop" } = options
  if (!isName(key)) return refuse(caller, "key", "a non-empty string", key)
  checkWhenOpen(caller, whenOpen, "whenOpen")
  const answer = Effect.match(Effect.timeout(breaker.state(key), timeoutMillis), {
    onFailure: () => granted,
    onSuccess: (state): Answer =>
      state._tag !== "Open"
        ? granted
        : whenOpen === "stop"
        ? { _tag: "Refused", reason: "CircuitOpen" }
        // once that time is over, the next call finds out whether the circuit closes
        : Duration.isPositive(state.retryAfter)
        ? { _tag: "Later", wait: Duration.toMillis(state.retryAfter) }
        : granted
  })
  return make({ ask: () => answer })
}

const caller = "BreakerRetry.door"

/** How long the store may take to answer, in milliseconds. */
const timeoutMillis = 500

const checkWhenOpen = /*#__PURE__*/ checkEither("stop", "wait")

const granted: Answer = { _tag: "Granted" }
