/**
 * How often and how long to retry, as plain data: the retry options without `on` and `name`.
 *
 * A policy is made once. It can be named, shared, read from JSON or the environment, and described in a sentence. Spread
 * it into the options of anything that retries: `Stamina.retry({ ...patient, on: "HttpError" })`.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type * as EffectSchema from "effect/Schema"
import { checkKnown } from "../tools/check.ts"
import * as policyBounds from "./bounds.ts"
import * as policyConfig from "./config.ts"
import { checkFull, checkPolicy, complete, given } from "./input.ts"
import type { Bounds, Encoded, Input, PreviewedRetry, PreviewOptions, RetryPolicy, ShapeName } from "./model.ts"
import * as policyModel from "./model.ts"
import * as policyPreview from "./preview.ts"
import * as policySchema from "./schema.ts"
import * as policyText from "./text.ts"

export type {
  BackoffShape,
  Bounds,
  Curve,
  CurveInput,
  Encoded,
  Input,
  Limits,
  LimitsInput,
  Percentage,
  PreviewedRetry,
  PreviewOptions,
  RetryPolicy,
  ShapeName
} from "./model.ts"

/**
 * The names of the shapes of a backoff, in the order in which {@link BackoffShape} documents them.
 *
 * @category models
 * @since 0.2.0
 */
export const shapeNames: ReadonlyArray<ShapeName> = policyModel.shapeNames

/**
 * The defaults of Python's stamina: 10 attempts, 45 s, waits of `min(5 s, 100 ms · 2^(n−1) + u · 1 s)`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: RetryPolicy = policyModel.defaults

/** The names of the fields, in the order in which they are documented. */
const names: ReadonlyArray<string> = /*#__PURE__*/ Object.keys(defaults)

/**
 * Makes a policy of the fields given. The base fills in the rest: {@link defaults}, or another policy.
 *
 * **Details**
 *
 * Where `waitMax` is not given, it is that of the base, or as long as the longest wait that is given, as `waitInitial` or
 * in a list, if that is longer. So a default never cuts short a wait that was asked for.
 *
 * **Gotchas**
 *
 * A policy has all fields, and spreading it says all of them: in `{ ...mine, ...theirs }` nothing of `mine` is left. Keep
 * the fields that are set apart, as an {@link Input}, and layer it with `make(theirs, mine)`.
 *
 * Throws a `RangeError` when a field is out of range or unknown. The error names the field, the rule and the value.
 *
 * **Example** (A policy for a slow but cheap call)
 *
 * ```ts
 * import { Duration } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const patient = RetryPolicy.make({ attempts: 20, timeout: "5 minutes", waitMax: "30 seconds" })
 *
 * console.log(patient.attempts, Duration.format(patient.timeout)) // 20 5m
 * ```
 *
 * **Example** (One policy that refines another)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 *
 * const ours = RetryPolicy.make({ attempts: 3, waitJitter: "20%" })
 * const search = RetryPolicy.make({ attempts: 5 }, ours)
 *
 * console.log(search.attempts, search.waitJitter) // 5 20%
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: Input = {}, base: RetryPolicy = defaults): RetryPolicy => {
  const caller = "RetryPolicy.make"
  checkKnown(caller, input, names)
  return Object.freeze(complete(given(caller, input), checkFull(caller, base)))
}

/**
 * A policy in JSON, as in `{ "attempts": 5, "timeout": "10 seconds" }`: decodes to a policy, encodes to plain JSON.
 *
 * **Details**
 *
 * Every field may be left out and then has its default; {@link schemaOf} takes it from another policy. `attempts` is an integer ≥ 1 or the word `"unlimited"`;
 * `timeout` is a duration > 0 or `"unlimited"`; the waits are durations ≥ 0, and `waitJitter` may be a percentage, `"20%"`;
 * `waitExpBase` is a number ≥ 0; `backoff` is
 * the name of a shape or a list of waits, `"full"` or `["1 second", 250]`; `overshoot` is `"allow"` or `"refuse"`. A
 * duration is text as `Duration.fromInput` reads it (`"10 seconds"`, `"1.5 hours"`, `"500 millis"`) or a number of
 * milliseconds.
 *
 * Encoding writes all fields, each duration in the longest unit that needs no fraction. The result decodes to an equal
 * policy.
 *
 * An error reports every bad field and every unknown one, with path, rule and value, whatever the parse options are. The
 * schema can be part of a larger schema, of `Schema.fromJsonString` or of `Config.schema`, and it has a JSON Schema.
 *
 * **Gotchas**
 *
 * Only `"unlimited"` means no limit: `null`, `0`, `-1` and `"Infinity"` are refused.
 *
 * **Example** (A policy in a settings file)
 *
 * ```ts
 * import { Duration, Effect, Schema } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const Settings = Schema.fromJsonString(Schema.Struct({ url: Schema.String, retry: RetryPolicy.Schema }))
 * const decode = Schema.decodeUnknownEffect(Settings)
 *
 * const { retry } = Effect.runSync(decode(`{ "url": "/users", "retry": { "attempts": 5, "timeout": "10 seconds" } }`))
 * console.log(retry.attempts, Duration.format(retry.timeout)) // 5 10s
 *
 * const error = Effect.runSync(Effect.flip(decode(`{ "url": "/users", "retry": { "attempts": 0, "tiemout": 10 } }`)))
 * console.log(error.message)
 * // Expected an integer >= 1 or "unlimited", got 0
 * //   at ["retry"]["attempts"]
 * // Unknown field with value 10, known are attempts, timeout, waitInitial, waitMax, waitJitter, waitExpBase, backoff, overshoot
 * //   at ["retry"]["tiemout"]
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Schema: EffectSchema.Codec<RetryPolicy, Encoded> = /*#__PURE__*/ policySchema.make(defaults)

/**
 * {@link Schema} with another base than the defaults: what the JSON leaves out comes from there.
 *
 * **Gotchas**
 *
 * Throws a `RangeError` when the base is not a policy with all fields.
 *
 * **Example** (A settings file that refines a policy)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const ours = RetryPolicy.make({ attempts: 3, waitMax: "2 seconds" })
 * const decode = Schema.decodeUnknownSync(Schema.fromJsonString(RetryPolicy.schemaOf(ours)))
 *
 * console.log(decode(`{ "timeout": "10 seconds" }`).attempts) // 3
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schemaOf = (base: RetryPolicy): EffectSchema.Codec<RetryPolicy, Encoded> =>
  policySchema.make(checkFull("RetryPolicy.schemaOf", base))

/**
 * A policy from configuration: `config("PAYMENTS")` reads `PAYMENTS_ATTEMPTS`, `PAYMENTS_TIMEOUT`,
 * `PAYMENTS_WAIT_INITIAL`, `PAYMENTS_WAIT_MAX`, `PAYMENTS_WAIT_JITTER`, `PAYMENTS_WAIT_EXP_BASE`, `PAYMENTS_BACKOFF` and
 * `PAYMENTS_OVERSHOOT`.
 *
 * **Details**
 *
 * The base has what an absent variable leaves open: {@link defaults}, or another policy. An empty variable is absent if the
 * `ConfigProvider` says so. Values are written as in {@link Schema}: `5`, `10 seconds`, `20%`, `unlimited`. A bare number for a duration is milliseconds. A
 * backoff is a name (`full`), or one wait or several, separated by commas (`1 second, 5 seconds`). A provider that has
 * lists can give a list. One `ConfigError` lists all variables that are out of range, each with its path, the rule and
 * the value.
 *
 * **Gotchas**
 *
 * Other variables with the same prefix are ignored, because `PAYMENTS_URL` may be there too. So nothing reports a misspelt
 * `PAYMENTS_ATEMPTS`. The config always has a value, so `Config.option` and `Config.withDefault` around it have no
 * effect.
 *
 * Throws a `RangeError` when the prefix is empty or not a string, or when the base is not a policy with all fields.
 *
 * **Example** (A policy from the environment)
 *
 * ```ts
 * import { ConfigProvider, Duration, Effect } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const ours = RetryPolicy.make({ attempts: 3, waitMax: "2 seconds" })
 * const provider = ConfigProvider.fromEnv({ env: { PAYMENTS_ATTEMPTS: "5", PAYMENTS_TIMEOUT: "2 minutes" } })
 * const policy = Effect.runSync(RetryPolicy.config("PAYMENTS", ours).parse(provider))
 *
 * console.log(policy.attempts, Duration.format(policy.timeout), Duration.format(policy.waitMax)) // 5 2m 2s
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const config = (prefix: string, base: RetryPolicy = defaults): Config.Config<RetryPolicy> =>
  policyConfig.make(prefix, base)

/**
 * The worst case of a policy, over all random numbers and all durations of the calls: the most calls that one run can
 * make, and the longest total of its waits.
 *
 * **Details**
 *
 * Both limits count. With a timeout, a run waits less than `timeout + waitMax`, because a wait once decided is not
 * shortened; with `overshoot: "refuse"`, it waits less than `timeout`. The timeout limits the number of calls only as far
 * as the shortest waits use it up. With unlimited attempts, and waits that can be 0 or shrink fast enough, that number is
 * `Infinity`.
 *
 * The first 100 000 retries are counted one by one. Later retries are grouped into blocks, each with its worst wait, so
 * beyond there both numbers may be somewhat too large, but never too small.
 *
 * Throws a `RangeError` when a field of the policy is out of range, as one that was spread by hand may be.
 *
 * **Gotchas**
 *
 * Only default waits count, not waits that `on` chooses; of those, none ends past the timeout. `totalWait` does not
 * include the time that the calls take. A run comes close to the bound without reaching it, where chance or the timeout
 * is part of it. The bound is somewhat too large where the timeout comes before decorrelated waits have grown to
 * `waitMax`.
 *
 * **Example** (What the defaults result in)
 *
 * ```ts
 * import { Duration } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const { attempts, totalWait } = RetryPolicy.bounds(RetryPolicy.defaults)
 *
 * console.log(attempts, Duration.format(totalWait)) // 10 27s 300ms
 * ```
 *
 * @category inspecting
 * @since 0.1.0
 */
export const bounds = (policy: RetryPolicy): Bounds => policyBounds.bounds(checkPolicy("RetryPolicy.bounds", policy))

/**
 * Describes a policy in one English sentence with its worst case: for logs, for `--help`, for the engineer on call.
 *
 * **Details**
 *
 * The numbers are those of {@link bounds}, which do not count waits that `on` chooses. The sentence is for people, and
 * its wording may change between versions. For the defaults it is: "At most 10 attempts, no retry once 45s have passed;
 * waits start at 100ms, double each time, gain up to 1s of jitter and never exceed 5s: at most 27.3s of waiting in all."
 *
 * Throws a `RangeError` when a field of the policy is out of range, as one that was spread by hand may be.
 *
 * **Example** (What one retry results in)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 *
 * console.log(RetryPolicy.describe(RetryPolicy.make({ attempts: 2 })))
 * // At most 2 attempts, no retry once 45s have passed; the only wait is between 100ms and 1.1s.
 * ```
 *
 * @category inspecting
 * @since 0.1.0
 */
export const describe = (policy: RetryPolicy): string => {
  const checked = checkPolicy("RetryPolicy.describe", policy)
  return policyText.describe(checked, policyBounds.bounds(checked))
}

/**
 * What each retry results in: the shortest and the longest wait before it, and when it begins at the earliest and at the
 * latest.
 *
 * **Details**
 *
 * Lists the retries that can happen where each attempt takes `latency`, at most `retries` of them. The timeout ends the
 * list, and the latest start, too: no wait begins at or past it, and with `overshoot: "refuse"` none ends there. Like
 * {@link bounds}, it counts only default waits.
 *
 * **Gotchas**
 *
 * Throws a `RangeError` when an option or a field of the policy is out of range, or an option is unknown.
 *
 * **Example** (When a policy retries)
 *
 * ```ts
 * import { Duration } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const policy = RetryPolicy.make({ attempts: 4 })
 *
 * for (const retry of RetryPolicy.preview(policy, { latency: "50 millis" })) {
 *   console.log(retry.retryNum, Duration.format(retry.startsFrom), Duration.format(retry.startsTo))
 * }
 * // 1 150ms 1s 150ms
 * // 2 400ms 2s 400ms
 * // 3 850ms 3s 850ms
 * ```
 *
 * @category inspecting
 * @since 0.1.0
 */
export const preview = (policy: RetryPolicy, options?: PreviewOptions): ReadonlyArray<PreviewedRetry> =>
  policyPreview.preview(checkPolicy("RetryPolicy.preview", policy), options)
