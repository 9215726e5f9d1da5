/**
 * How often and how long to retry, as plain data: the retry options without `on` and `name`.
 *
 * A policy is made once, named, shared, read from JSON or the environment, described in a sentence, and spread into
 * the options of whatever retries: `Stamina.retry({ ...patient, on: "HttpError" })`.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import type * as EffectSchema from "effect/Schema"
import { checkAttempts, checkBase, checkKnown, checkOvershoot, checkTimeout, checkWait } from "../tools/check.ts"
import * as policyBounds from "./bounds.ts"
import * as policyConfig from "./config.ts"
import { type BackoffShape, checkShape, type Encoded, type RetryPolicy } from "./model.ts"
import * as policySchema from "./schema.ts"
import * as policyText from "./text.ts"

export type { Bounds } from "./bounds.ts"
export type { BackoffShape, Encoded, RetryPolicy } from "./model.ts"

/**
 * What {@link make} takes: every field may be left out, and `undefined` means the default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly attempts?: number | undefined
  readonly timeout?: Duration.Input | undefined
  readonly waitInitial?: Duration.Input | undefined
  readonly waitMax?: Duration.Input | undefined
  readonly waitJitter?: Duration.Input | undefined
  readonly waitExpBase?: number | undefined
  readonly backoff?: BackoffShape<Duration.Input> | undefined
  readonly overshoot?: "allow" | "refuse" | undefined
}

/**
 * The defaults of Python's stamina: 10 attempts, 45 s, waits of `min(5 s, 100 ms · 2^(n−1) + u · 1 s)`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: RetryPolicy = Object.freeze({
  attempts: 10,
  timeout: Duration.seconds(45),
  waitInitial: Duration.millis(100),
  waitMax: Duration.seconds(5),
  waitJitter: Duration.seconds(1),
  waitExpBase: 2,
  backoff: "additive",
  overshoot: "allow"
})

/** The names of a policy's fields, in the order in which they are documented. */
const fields: ReadonlyArray<string> = /*#__PURE__*/ Object.keys(defaults)

/**
 * Makes a policy: what is given, and the defaults for the rest.
 *
 * **Gotchas**
 *
 * Throws a `RangeError` that names the field, the rule and the value when something is out of range or unknown.
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
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: Input = {}): RetryPolicy => {
  checkKnown("RetryPolicy.make", input, fields)
  return Object.freeze(fromInput("RetryPolicy.make", input))
}

/**
 * {@link make} on behalf of another function, whose name errors then carry; fields that are not the policy's are left
 * to that function. What is not given is as in `base`.
 *
 * @internal
 */
export const fromInput = (caller: string, input: Input, base: RetryPolicy = defaults): RetryPolicy => {
  // spelt out, since this is where a retry that is built in a hot function spends its time
  const field = <A>(name: string, value: unknown, otherwise: A, check: (...args: Checked) => A): A =>
    value === undefined ? otherwise : check(caller, value, name)
  return {
    attempts: field("attempts", input.attempts, base.attempts, checkAttempts),
    timeout: field("timeout", input.timeout, base.timeout, checkTimeout),
    waitInitial: field("waitInitial", input.waitInitial, base.waitInitial, checkWait),
    waitMax: field("waitMax", input.waitMax, base.waitMax, checkWait),
    waitJitter: field("waitJitter", input.waitJitter, base.waitJitter, checkWait),
    waitExpBase: field("waitExpBase", input.waitExpBase, base.waitExpBase, checkBase),
    backoff: field("backoff", input.backoff, base.backoff, checkShape),
    overshoot: field("overshoot", input.overshoot, base.overshoot, checkOvershoot)
  }
}

type Checked = readonly [caller: string, value: unknown, field: string]

/**
 * A policy in JSON, as in `{ "attempts": 5, "timeout": "10 seconds" }`: decodes to a policy, encodes to plain JSON.
 *
 * **Details**
 *
 * Every field may be left out and then has its default. `attempts` is an integer ≥ 1 or the word `"unlimited"`;
 * `timeout` a duration > 0 or `"unlimited"`; the waits are durations ≥ 0; `waitExpBase` is a number ≥ 0; `backoff` is the
 * name of a shape or a list of waits, `"full"` or `["1 second", 250]`; `overshoot` is `"allow"` or `"refuse"`. A duration
 * is text as `Duration.fromInput` reads it (`"10 seconds"`, `"1.5 hours"`, `"500 millis"`) or a number of milliseconds.
 *
 * What is encoded has all fields, each duration in the longest unit that needs no fraction, and decodes to an equal
 * policy.
 *
 * Bad input is reported whole, whatever the parse options: each bad field and each unknown one, with its path, the rule
 * and the value got. It can be part of a larger schema, of `Schema.fromJsonString`, of `Config.schema`, and has a JSON
 * Schema.
 *
 * **Gotchas**
 *
 * Only `"unlimited"` means no limit: `null`, `0`, `-1`, `"Infinity"` are refused.
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
 * A policy from configuration: `config("PAYMENTS")` reads `PAYMENTS_ATTEMPTS`, `PAYMENTS_TIMEOUT`,
 * `PAYMENTS_WAIT_INITIAL`, `PAYMENTS_WAIT_MAX`, `PAYMENTS_WAIT_JITTER`, `PAYMENTS_WAIT_EXP_BASE`, `PAYMENTS_BACKOFF` and
 * `PAYMENTS_OVERSHOOT`.
 *
 * **Details**
 *
 * What is absent, or empty where the `ConfigProvider` takes empty for absent, has its default. Values are written as in
 * {@link Schema}: `5`, `10 seconds`, `unlimited`; a bare number is milliseconds where a duration is asked for. A backoff
 * is a name, `full`, or one wait or several, separated by commas: `1 second, 5 seconds`; or a list, where the provider
 * has lists. All variables that are out of range are listed in one `ConfigError`, each with its path, the rule and the
 * value got.
 *
 * **Gotchas**
 *
 * Other variables with the prefix are no concern of the policy's (`PAYMENTS_URL` may well be there), so a misspelt
 * `PAYMENTS_ATEMPTS` goes unnoticed. A config always has a value, thus `Config.option` and `Config.withDefault` around it
 * have no effect.
 *
 * Throws a `RangeError` when the prefix is empty or no string.
 *
 * **Example** (A policy from the environment)
 *
 * ```ts
 * import { ConfigProvider, Duration, Effect } from "effect"
 * import { RetryPolicy } from "effect-stamina"
 *
 * const provider = ConfigProvider.fromEnv({ env: { PAYMENTS_ATTEMPTS: "5", PAYMENTS_TIMEOUT: "2 minutes" } })
 * const policy = Effect.runSync(RetryPolicy.config("PAYMENTS").parse(provider))
 *
 * console.log(policy.attempts, Duration.format(policy.timeout), Duration.format(policy.waitMax)) // 5 2m 5s
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const config = (prefix: string): Config.Config<RetryPolicy> => policyConfig.make(prefix, defaults)

/**
 * The worst that a policy allows, over all random numbers and all durations of the calls: how many calls one run can
 * make and how long its waits can be in all.
 *
 * **Details**
 *
 * Both limits count. With a timeout, a run waits less than `timeout + waitMax`, for a wait that has been decided is not
 * shortened; with `overshoot: "refuse"`, less than `timeout`. The number of calls is limited by the timeout only as far
 * as the shortest waits use it up: with unlimited attempts and waits that can be 0, or that shrink fast enough, it is
 * `Infinity`.
 *
 * The first 100 000 retries are reckoned one by one, all later ones in blocks that are each taken at their worst:
 * beyond there both numbers may be somewhat too large, never too small.
 *
 * **Gotchas**
 *
 * Only default waits count, not those that `on` asks for. The time that the calls take is not in `totalWait`; and the
 * bound is approached, not reached, where chance or the timeout is part of it. It is somewhat too large where the timeout
 * comes before decorrelated waits have grown to `waitMax`.
 *
 * **Example** (What the defaults come to)
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
export const bounds = (policy: RetryPolicy): policyBounds.Bounds => policyBounds.bounds(policy)

/**
 * A policy in one English sentence with its worst case: for logs, `--help`, a page that somebody on call reads.
 *
 * **Details**
 *
 * The numbers are those of {@link bounds}; waits that `on` asks for are not counted. The sentence is for people, and its
 * wording may change between versions. Of the defaults it says: "At most 10 attempts, no retry once 45s have passed;
 * waits start at 100ms, double each time, gain up to 1s of jitter and never exceed 5s: at most 27.3s of waiting in all."
 *
 * **Example** (What one retry comes to)
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
export const describe = (policy: RetryPolicy): string => policyText.describe(policy, bounds(policy))
