/**
 * What a policy says: its fields, what each means, and their defaults.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

// ---------------------------------------------------------------------------------------------------------------------
// the shapes of a backoff
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The names of the shapes of a backoff, in the order in which {@link BackoffShape} documents them.
 *
 * @category models
 * @since 0.1.0
 */
export const shapeNames = ["additive", "full", "equal", "decorrelated", "constant", "linear", "fibonacci"] as const

/**
 * The name of a shape of a backoff: see {@link BackoffShape}.
 *
 * @category models
 * @since 0.1.0
 */
export type ShapeName = (typeof shapeNames)[number]

/**
 * A part of something, in percent: `"20%"`.
 *
 * @category models
 * @since 0.1.0
 */
export type Percentage = `${number}%`

/**
 * How waits grow from one retry to the next, and how chance changes them: the name of a shape, or the list of the waits.
 *
 * **Details**
 *
 * The wait before retry `n` (1 = the first retry), with `u` drawn uniformly from [0, 1) and
 * `e = min(waitMax, waitInitial · waitExpBase^(n−1))`:
 *
 * | shape | wait |
 * | --- | --- |
 * | `"additive"` | `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`, as in Python's stamina; the default |
 * | `"full"` | `u · e`, the "full jitter" of AWS |
 * | `"equal"` | `e/2 + u · e/2`, the "equal jitter" of AWS |
 * | `"decorrelated"` | `f + u · (max(f, min(waitMax, 3 · p)) − f)`, with `f = min(waitInitial, waitMax)` and `p` the wait before, at first `waitInitial` |
 * | `"constant"` | `min(waitMax, waitInitial + u · waitJitter)` |
 * | `"linear"` | `min(waitMax, waitInitial · n + u · waitJitter)` |
 * | `"fibonacci"` | `min(waitMax, waitInitial · F(n) + u · waitJitter)`, `F` = 1, 1, 2, 3, 5, … |
 * | a list | `min(waitMax, list[n] + u · waitJitter)`, counted from 1; the last wait repeats for all further retries |
 *
 * The names and formulas of the second to fourth come from Marc Brooker, "Exponential Backoff And Jitter" (AWS
 * Architecture Blog, 2015), with one difference. There, a decorrelated wait is cut off at the cap, so many waits equal
 * the cap. Here, the cap limits the range that the wait is drawn from.
 *
 * A `waitJitter` in percent goes both ways. With `p` its part of 1 and `w` the wait without jitter, `waitMax` at most, the
 * wait is `min(waitMax, w · (1 − p) + u · 2 · p · w)`: for `"20%"`, between 80 % and 120 % of `w`.
 *
 * No wait is ever longer than `waitMax`. Only `"additive"`, `"full"` and `"equal"` use `waitExpBase`. A list does not use
 * `waitInitial`. `"full"`, `"equal"` and `"decorrelated"` do not use `waitJitter`, and their waits still differ at the
 * cap. The other shapes add jitter below the cap. So a jitter that is a time vanishes there: all clients that wait for
 * `waitMax` wait equally long. Of a jitter in percent, the lower half is left.
 *
 * **Gotchas**
 *
 * A decorrelated wait depends on the wait that really took place, even if `on` chose that wait. After a minute that a
 * server asked for, the range is wide. With a `waitInitial` of 0, waits stay 0 until `on` chooses a longer one.
 *
 * @category models
 * @since 0.1.0
 */
export type BackoffShape<Wait = Duration.Duration> = ShapeName | ReadonlyArray<Wait>

/**
 * What there is to know of a shape beside its formula: see `Backoff.traitsOf`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Traits {
  /** Whether its waits are random by themselves, and so do not use `waitJitter`. */
  readonly isRandom: boolean
  /** Whether it uses `waitExpBase`. */
  readonly usesBase: boolean
  /** The fields that make it the waits below which it draws; empty if it draws none of its own. */
  readonly withoutChance: { readonly backoff?: ShapeName; readonly waitExpBase?: number }
}

/**
 * The numbers of a backoff, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  /** How waits grow from one retry to the next, and how chance changes them. */
  readonly shape: BackoffShape<number>
  /** The wait before the first retry, without jitter, in milliseconds. */
  readonly initial: number
  /** The longest wait, jitter included, in milliseconds. */
  readonly max: number
  /** The most that jitter adds, in milliseconds. */
  readonly jitter: number
  /** The part of a wait by which jitter makes it shorter or longer at most: 0 to 1. Default 0. */
  readonly spread?: number | undefined
  /** The factor from one wait to the next. */
  readonly base: number
}

// ---------------------------------------------------------------------------------------------------------------------
// the fields of a policy
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The fields that limit a run. `Time` is how a duration is given, and `Count` how a number of attempts is.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits<Time = Duration.Duration, Count = number> {
  /** Total number of calls, the first one included: an integer ≥ 1, or `Infinity`. Default 10, that is 9 retries. */
  readonly attempts: Count
  /**
   * Time after which a failure is final: longer than 0, or `Duration.infinity`. It counts from just before the first
   * call, and is compared with `>=` when a call has failed. It neither cuts a call short nor shortens a wait. Default
   * 45 s.
   */
  readonly timeout: Time
  /**
   * Whether a wait may begin that would end at or past the timeout: `"allow"`, as in stamina, or `"refuse"`, which gives
   * up instead. Waits that `on` or a server asks for never do. Default `"allow"`.
   */
  readonly overshoot: "allow" | "refuse"
}

/**
 * The fields that decide how long waits are. `Time` is how a duration is given.
 *
 * @category models
 * @since 0.1.0
 */
export interface Curve<Time = Duration.Duration> {
  /** How waits grow, and how chance changes them: the name of a shape, or a list of waits. Default `"additive"`. */
  readonly backoff: BackoffShape<Time>
  /** The wait before the first retry, without jitter: finite, ≥ 0. Default 100 ms. */
  readonly waitInitial: Time
  /**
   * The longest wait, jitter included: finite, ≥ 0. Default 5 s, or the longest of `waitInitial` and of the waits of a
   * list, if one that is set is longer than the default.
   */
  readonly waitMax: Time
  /**
   * The most that jitter adds to a wait: finite, ≥ 0; or by what percentage of a wait it makes it shorter or longer at
   * most, `"0%"` to `"100%"`. With 0 there is no jitter, and no random number is drawn. Default 1 s.
   */
  readonly waitJitter: Time | Percentage
  /** The factor from one wait to the next: a finite number ≥ 0. Default 2. */
  readonly waitExpBase: number
}

/**
 * How often and how long to retry: every field is present and valid.
 *
 * **Details**
 *
 * The default wait before retry `n` (1 = the first retry), with `u` uniform in [0, 1), is
 * `min(waitMax, waitInitial · waitExpBase^(n−1) + u · waitJitter)`: the formula of Python's stamina. Jitter is added
 * first and the cap applies last, so no wait is ever longer than `waitMax`. {@link BackoffShape} has the other formulas.
 *
 * A run ends as soon as *either* limit is reached: `attempts` calls in all, or `timeout` since just before the first
 * call.
 *
 * @see `RetryPolicy.make` to build one
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy extends Limits, Curve {}

type Optional<A> = { readonly [K in keyof A]?: A[K] | undefined }

// Written out, and no mapped type over `Limits` and `Curve`: editors on TypeScript 7 show no comment of a mapped field.

/**
 * The fields of a policy that limit a run, as options: every field may be left out, and `undefined` means the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface LimitsInput {
  /** Total number of calls, the first one included: an integer ≥ 1, or `Infinity`. Default 10, that is 9 retries. */
  readonly attempts?: number | undefined
  /**
   * Time after which a failure is final: longer than 0, or `Duration.infinity`. It counts from just before the first
   * call, and is compared with `>=` when a call has failed. It neither cuts a call short nor shortens a wait. Default
   * 45 s.
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * Whether a wait may begin that would end at or past the timeout: `"allow"`, as in stamina, or `"refuse"`, which gives
   * up instead. Waits that `on` or a server asks for never do. Default `"allow"`.
   */
  readonly overshoot?: "allow" | "refuse" | undefined
}

/**
 * The fields of a policy that decide how long waits are, as options: every field may be left out, and `undefined` means
 * the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface CurveInput {
  /**
   * How waits grow, and how chance changes them: a list of waits, or the name of a shape, that is `"additive"`
   * (exponential, with jitter on top), `"full"`, `"equal"`, `"decorrelated"`, `"constant"`, `"linear"` or `"fibonacci"`.
   * Default `"additive"`.
   */
  readonly backoff?:
    // written out, so that an error of the compiler lists them
    | "additive"
    | "full"
    | "equal"
    | "decorrelated"
    | "constant"
    | "linear"
    | "fibonacci"
    | ReadonlyArray<Duration.Input>
    | undefined
  /** The wait before the first retry, without jitter: finite, ≥ 0. Default 100 ms. */
  readonly waitInitial?: Duration.Input | undefined
  /**
   * The longest wait, jitter included: finite, ≥ 0. Default 5 s, or the longest of `waitInitial` and of the waits of a
   * list, if one that is set is longer than the default.
   */
  readonly waitMax?: Duration.Input | undefined
  /**
   * The most that jitter adds to a wait: finite, ≥ 0; or by what percentage of a wait it makes it shorter or longer at
   * most, `"0%"` to `"100%"`. With 0 there is no jitter, and no random number is drawn. Default 1 s.
   */
  readonly waitJitter?: Duration.Input | Percentage | undefined
  /** The factor from one wait to the next: a finite number ≥ 0. Default 2. */
  readonly waitExpBase?: number | undefined
}

/**
 * What `RetryPolicy.make` takes: every field may be left out, and `undefined` means the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input extends LimitsInput, CurveInput {}

/**
 * A policy as JSON: see `RetryPolicy.Schema`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded
  extends Optional<Limits<number | string, number | "unlimited">>, Optional<Curve<number | string>>
{}

/**
 * The worst case of a policy: see `RetryPolicy.bounds`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bounds {
  /** The most calls that one run can make, the first one included; `Infinity` if nothing limits them. */
  readonly attempts: number
  /** The longest total of the waits of one run; `Duration.infinity` if nothing limits it. */
  readonly totalWait: Duration.Duration
}

/**
 * The options of `RetryPolicy.preview`.
 *
 * @category models
 * @since 0.1.0
 */
export interface PreviewOptions {
  /** How many retries are listed at most: an integer from 1 to 100 000. Default 20. */
  readonly retries?: number | undefined
  /** How long each attempt takes. Default 0. */
  readonly latency?: Duration.Input | undefined
  /** How long an attempt may take: one that takes longer fails then. Default: no limit. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** The deadline around the run, at or past which no retry begins. Default: none. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * One retry of a policy: see `RetryPolicy.preview`. Times count from just before the first attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface PreviewedRetry {
  /** 1 = the first retry. */
  readonly retryNum: number
  /** The shortest wait before it. */
  readonly shortest: Duration.Duration
  /** The longest wait before it. */
  readonly longest: Duration.Duration
  /** When it begins at the earliest. */
  readonly startsFrom: Duration.Duration
  /** When it begins at the latest. */
  readonly startsTo: Duration.Duration
}

// ---------------------------------------------------------------------------------------------------------------------
// the same, as values
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The defaults, in the order in which the fields are documented.
 *
 * @internal
 */
export const defaults: RetryPolicy = /*#__PURE__*/ Object.freeze({
  attempts: 10,
  timeout: /*#__PURE__*/ Duration.seconds(45),
  waitInitial: /*#__PURE__*/ Duration.millis(100),
  waitMax: /*#__PURE__*/ Duration.seconds(5),
  waitJitter: /*#__PURE__*/ Duration.seconds(1),
  waitExpBase: 2,
  backoff: "additive",
  overshoot: "allow"
})

/** The keys of `A`. A key that is missing or unknown does not compile. */
const keysOf = <A>(keys: { readonly [K in keyof A]: true }): ReadonlyArray<keyof A & string> =>
  Object.keys(keys) as Array<keyof A & string> // its keys are those of `A`, as the type of the argument says

/**
 * The names of the fields that decide how long waits are.
 *
 * @internal
 */
export const curveFields: ReadonlyArray<keyof Curve> = /*#__PURE__*/ keysOf<Curve>({
  backoff: true,
  waitInitial: true,
  waitMax: true,
  waitJitter: true,
  waitExpBase: true
})

/**
 * The names of the fields that limit a run.
 *
 * @internal
 */
export const limitFields: ReadonlyArray<keyof Limits> = /*#__PURE__*/ keysOf<Limits>({
  attempts: true,
  timeout: true,
  overshoot: true
})
