/**
 * Retries inside retries: whether an error that was retried further inside is retried once more.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/**
 * What a run does about an error on which a run inside it has given up: retry it all the same (`"allow"`), which
 * multiplies attempts, or stop with `AlreadyRetried` (`"once"`).
 *
 * @category models
 * @since 0.1.0
 */
export type Nesting = "allow" | "once"

/**
 * What runs do that do not say so themselves. Default `"allow"`.
 *
 * @category services
 * @since 0.1.0
 */
export const CurrentNesting: Context.Reference<Nesting> = /*#__PURE__*/ Context.Reference<Nesting>(
  "effect-stamina/Nesting/CurrentNesting",
  { defaultValue: () => "allow" }
)

/**
 * Retries each error once only, at the innermost run, wherever this is provided.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerOnce: Layer.Layer<never> = /*#__PURE__*/ Layer.succeed(CurrentNesting, "once")
