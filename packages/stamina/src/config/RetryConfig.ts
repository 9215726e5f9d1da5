/**
 * Retries that operators can change by environment variables, without a new build.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { Active } from "../ambient/activation.ts"
import { Current, within } from "../ambient/defaults.ts"
import type { Nesting } from "../ambient/layerDefaults.ts"
import { all, type Spelling, variable, variables } from "../policy/config.ts"
import { fields } from "../policy/fields.ts"
import { given } from "../policy/input.ts"

/**
 * Lets configuration switch retries off, limit their attempts, and set their defaults, for every retry where the layer is
 * provided.
 *
 * **Details**
 *
 * With the default prefix, it reads:
 *
 * | variable | what it does |
 * | --- | --- |
 * | `STAMINA_ACTIVE` | `false` switches retries off, and `true` on, as `Stamina.setActive` does |
 * | `STAMINA_MAX_ATTEMPTS` | the most attempts of any run, whatever its options say: an integer ≥ 1 |
 * | `STAMINA_NESTED` | the default of `nested`: `allow` or `once` |
 * | `STAMINA_ATTEMPTS`, `STAMINA_TIMEOUT`, `STAMINA_WAIT_INITIAL`, … | the defaults of the fields of a policy: those that `RetryPolicy.config` reads |
 *
 * Absent variables change nothing. Defaults stand below what the options of a retry say, as those of
 * `Stamina.layerDefaults` do; the first two variables stand above. Of several layers, the smallest `MAX_ATTEMPTS` counts.
 * `yes`, `on`, `1` and `no`, `off`, `0` are read as `true` and `false`.
 *
 * The variables are read once, when the layer is built. If some are out of range, building fails with one `ConfigError`
 * that lists all of them, with the rule and the value.
 *
 * **Gotchas**
 *
 * Nothing reports a misspelt variable. A policy that is spread into the options says all fields, and no default gets
 * through; `STAMINA_MAX_ATTEMPTS` does. In test mode, only its own attempts count. The blocks of `RetrySchedule` know the
 * switch and no defaults.
 *
 * Throws a `RangeError` when the prefix is empty or not a string.
 *
 * **Example** (No retries in this deployment)
 *
 * ```ts
 * import { ConfigProvider, Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import { layer } from "effect-stamina/RetryConfig"
 *
 * let calls = 0
 * const program = Effect.suspend(() => Effect.fail(++calls)).pipe(Stamina.retry({ on: () => true }), Effect.ignore)
 *
 * const env = ConfigProvider.fromEnv({ env: { STAMINA_ACTIVE: "false" } })
 * const main = program.pipe(Effect.provide(layer()), Effect.provideService(ConfigProvider.ConfigProvider, env))
 *
 * Effect.runPromise(main).then(() => console.log(calls)) // 1
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (prefix = "STAMINA"): Layer.Layer<never, Config.ConfigError> => {
  const caller = "RetryConfig.layer"
  const config = all({
    ...variables(caller, prefix),
    active: variable(active, prefix, "active"),
    maxAttempts: variable(fields.attempts, prefix, "maxAttempts"),
    nested: variable(nested, prefix, "nested")
  })
  return Layer.fresh(Layer.effectContext(Effect.gen(function*() {
    const { active, maxAttempts = Infinity, nested, ...policy } = yield* config
    const defaults = within(yield* Current, { policy: given(caller, policy), nested, maxAttempts })
    const context = Context.make(Current, defaults)
    return active === undefined ? context : Context.add(context, Active, Ref.makeUnsafe(active))
  })))
}

const yes: ReadonlyArray<unknown> = ["true", "yes", "on", "1"]
const no: ReadonlyArray<unknown> = ["false", "no", "off", "0"]

const active: Spelling<boolean> = {
  rule: "true or false",
  read: (spelt) => yes.includes(spelt) ? true : no.includes(spelt) ? false : undefined,
  fromText: (text) => text
}

const nested: Spelling<Nesting> = {
  rule: "\"allow\" or \"once\"",
  read: (spelt) => spelt === "allow" || spelt === "once" ? spelt : undefined,
  fromText: (text) => text
}
