/**
 * What is retried: the forms of the option `on`, their types, and what a backoff hook answers.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as RetryPolicy from "../policy/RetryPolicy.ts"
import { decodeDuration, refuse } from "../tools/check.ts"
import type { AttemptTimedOut } from "./attemptTimedOut.ts"
import { firstOf, fromInput, type Judgement, judgingTimeouts } from "./forms.ts"
import type { FailedAttempt, Hint, OwnBackoff, Verdict } from "./model.ts"

export type { FailedAttempt, Hint, OwnBackoff, Verdict } from "./model.ts"

// ---------------------------------------------------------------------------------------------------------------------
// answers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What a backoff hook answers.
 *
 * **Details**
 *
 * - `true`: retry after the default wait
 * - `false`: do not retry
 * - a duration: retry after exactly that long, without jitter or cap; zero or negative means at once. The run gives up
 *   with `WaitExceedsTimeout` if it would end at or past the timeout
 * - a hint, made by {@link atLeast}: wait at least that long, with jitter on top
 * - what another `on` made by {@link make} has answered
 *
 * Anything else, and a hook that throws, is a mistake: a defect comes out whose `cause` is the error, and
 * `stamina.mistake` is logged as an error.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer = boolean | Duration.Input | Hint | OwnBackoff

/**
 * The answer to a server that says when to come back: wait at least that long, with jitter on top, so that not all
 * clients come back at the same moment.
 *
 * **Details**
 *
 * The wait is the default one if that is longer, else `wait + u · waitJitter`, in every shape and whatever `waitMax`
 * is, both with the same `u`. A `wait` of zero or less asks for nothing. The run gives up at once where `wait` is longer
 * than `atMost` (default: 60 s), or would end at or past the timeout or a deadline: waiting in vain is worse than failing
 * now.
 *
 * Throws a `RangeError` if `wait` is no finite duration or `atMost` none at all.
 *
 * **Example** (Honouring Retry-After)
 *
 * ```ts
 * import { RetryOn } from "effect-stamina"
 *
 * const judge = RetryOn.make((error: { readonly retryAfter?: number }) =>
 *   error.retryAfter === undefined || RetryOn.atLeast(`${error.retryAfter} seconds`)
 * )
 *
 * console.log(judge({})) // true
 * console.log(judge({ retryAfter: 7 })) // { _tag: 'Hint', wait: 7000, max: 60000 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const atLeast = (wait: Duration.Input, atMost: Duration.Input = "1 minute"): Hint => {
  const max = decodeDuration(atMost)
  if (max === undefined || Duration.isNegative(max)) {
    return refuse("RetryOn.atLeast", "atMost", "a duration >= 0 or Duration.infinity", atMost)
  }
  const decoded = decodeDuration(wait)
  if (decoded === undefined || !Number.isFinite(Duration.toMillis(decoded))) {
    return refuse("RetryOn.atLeast", "wait", "a finite duration", wait)
  }
  return { _tag: "Hint", wait: Math.max(0, Duration.toMillis(decoded)), max: Duration.toMillis(max) }
}

/**
 * A backoff of its own for one tag. What is left out is as in the options around. The retries count on through all tags:
 * the third retry of a run has the third wait.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackoffOptions extends RetryPolicy.CurveInput {}

// ---------------------------------------------------------------------------------------------------------------------
// forms
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The forms of `on`. There is no default: an error that is not named is not retried.
 *
 * **Details**
 *
 * - a tag: `"HttpError"`
 * - a tag and the tag of the error's `reason`: `"SqlError.DeadlockError"`. A tag that itself holds a dot is matched first.
 * - an error class, checked with `instanceof`: `HttpError`
 * - a backoff hook, that is a function of the error and of the failed attempt: `(error) => error.status >= 500`
 * - a record of tags, each with an {@link Answer}, a backoff of its own, or a hook for that error:
 *   `{ HttpError: (error) => error.status >= 500, RateLimited: { waitInitial: "2 seconds" } }`. A tag with a reason
 *   goes before the tag alone.
 * - a list of tags, classes, hooks and records. The first that does not say no decides.
 *
 * Names, classes and hooks are checked against the effect's own errors. A class is checked by its fields, as everything in
 * TypeScript is: one without fields of its own, such as `TypeError`, passes for every `Error`.
 *
 * An `UnknownError`, which `Effect.tryPromise` makes without `catch`, stands for its `cause`: classes and names are looked
 * for there as well, so `on: TypeError` retries what `fetch` rejects with. A hook gets the `UnknownError` itself.
 *
 * **Gotchas**
 *
 * A backoff hook must be a plain function; its `prototype` tells it from an error class.
 *
 * `AttemptTimedOut`, the error of the option `attemptTimeout`, is retried unless a record or a list names it, also inside
 * of {@link make} and {@link among}. `HttpRetry.on` does so too.
 *
 * **Example** (Three times for a deadlock, the first retry at once)
 *
 * ```ts
 * import { Data, Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 *
 * class DeadlockError extends Data.TaggedClass("DeadlockError") {}
 * class SqlError extends Data.TaggedError("SqlError")<{ readonly reason: DeadlockError }> {}
 *
 * let calls = 0
 * const update = Effect.suspend(() => Effect.fail(new SqlError({ reason: new DeadlockError() }))).pipe(
 *   Effect.tapError(() => Effect.sync(() => void calls++)),
 *   Stamina.retry({
 *     on: { "SqlError.DeadlockError": (_, { num }) => num < 3 && (num === 1 ? 0 : "5 millis") }
 *   })
 * )
 *
 * Effect.runPromise(Effect.ignore(update)).then(() => console.log(calls)) // 3
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export type On<E> = Names<E> | BackoffHook<E> | ErrorClass<E> | OnTags<E> | ReadonlyArray<OnItem<E>>

/**
 * A member of the list form of `on`.
 *
 * @category models
 * @since 0.1.0
 */
export type OnItem<E> = Names<E> | "AttemptTimedOut" | ErrorClass<E> | BackoffHook<E> | OnTags<E>

/**
 * A class, or the list form of `on`, for a signature that infers `E` from elsewhere.
 *
 * @category models
 * @since 0.1.0
 */
export type OnItems<E> =
  | ClassOf<NoInfer<E>>
  // not a list of `OnItem`: the compiler would work out the names of `NoInfer<E>` beside those of `E`
  | ReadonlyArray<Names<E> | "AttemptTimedOut" | ClassOf<NoInfer<E>> | BackoffHook<NoInfer<E>> | OnTags<E>>

/**
 * The record form of `on`: an answer for each name; errors that are not named are not retried.
 *
 * @category models
 * @since 0.1.0
 */
export type OnTags<E> = Names<E> extends never ? never
  : { readonly [Name in Names<E>]?: TagAnswer | BackoffOptions | BackoffHook<Named<E, Name>> | undefined } & OnTimeout

// The compiler instantiates each text that is a duration, 16 in all, whenever it looks for the type of a hook beside it: 48
// instantiations for one hook in a pipe. It does not in a type with a name and `NoInfer` around it. Durations that are
// objects stand outside, so that editors offer their fields.

/**
 * The {@link Answer} of a record for a name.
 *
 * @category models
 * @since 0.1.0
 */
export type TagAnswer = NoInfer<PlainAnswer> | Duration.DurationObject

/**
 * An {@link Answer} that is not an object with units.
 *
 * @category models
 * @since 0.1.0
 */
export type PlainAnswer = Exclude<Answer, Duration.DurationObject>

/**
 * What a record may say about attempts that took too long.
 *
 * @category models
 * @since 0.1.0
 */
export interface OnTimeout {
  readonly AttemptTimedOut?: Answer | BackoffOptions | BackoffHook<AttemptTimedOut> | undefined
}

/**
 * The function form of `on`.
 *
 * @category models
 * @since 0.1.0
 */
export type BackoffHook<E> = (error: E, attempt: FailedAttempt) => Answer

/**
 * A class whose instances are retried, checked with `instanceof`.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorClass<E> = abstract new(...args: never) => Instance<E>

/**
 * A class with such instances.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ClassOf<E> = abstract new(...args: never) => E

/**
 * What an instance of a class in `on` may be: an error of `E`; anything, if one of them is an `UnknownError`, which stands
 * for its cause.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Instance<E> = Cause.UnknownError extends E ? unknown : E

/**
 * Every form of `on`, for whatever errors.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyOn = string | AnyClass | AnyHook | AnyTags | ReadonlyArray<string | AnyClass | AnyHook | AnyTags>

/**
 * Every record form of `on`.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyTags {
  readonly [name: string]: Answer | BackoffOptions | AnyHook | undefined
}

type AnyHook = (error: never, attempt: FailedAttempt) => Answer
type AnyClass = abstract new(...args: never) => unknown
type AnyFunction = (...args: never) => unknown

// ---------------------------------------------------------------------------------------------------------------------
// what a form says about errors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The tags of an error type: the literal `_tag`s of its members.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Tags<E> = E extends { readonly _tag: infer Tag extends string } ? Tag : never

/**
 * The names that `on` may give to the errors of `E`: their tags, and `Tag.Reason` if an error has a tagged `reason`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Names<E> = E extends { readonly _tag: infer Tag extends string }
  ? E extends Reasoned ? Tag | `${Tag}.${Tags<E["reason"]>}` : Tag
  : never

// an interface, since the compiler instantiates a literal type anew wherever a generic type is

/**
 * An error that says why: see {@link Names}.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Reasoned {
  readonly reason: unknown
}

/**
 * The errors of `E` that go by a name.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Named<E, Name> = E extends { readonly _tag: infer Tag extends string }
  ? Name extends Tag ? E : Name extends `${Tag}.${string}` ? E : never
  : never

/**
 * The names in an `on`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type NamesOf<O> = O extends string ? O
  : O extends ReadonlyArray<infer Item> ? NamesOf<Item>
  : O extends AnyFunction | AnyClass ? never
  : Extract<keyof O, string>

/**
 * The errors that an `on` accepts: the parameter of its hook, or anything.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorOf<O> = O extends AnyClass ? unknown : O extends (error: infer E, attempt: never) => Answer ? E
: unknown

/**
 * `unknown` if an effect that fails with `E` can be retried with `O`, else a text that says why not.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Retryable<E, O, What extends string> = O extends (error: unknown, attempt: never) => Answer ? unknown
  : [UnknownField<O>] extends [never] ? unknown extends E ? unknown
    : [Missing<E, O>] extends [never]
      ? [Unrelated<E, InstancesOf<O>>] extends [never] ? [E] extends [ErrorOf<O>] ? unknown
        : `this ${What} has errors that \`on\` does not take: put the ${What} before the options`
      : `this ${What} cannot fail with an instance of a class in \`on\``
    : `this ${What} cannot fail with ${Missing<E, O>}`
  : `${UnknownField<O>} is no field of a backoff`

type Missing<E, O> = string extends NamesOf<O> ? never : Exclude<NamesOf<O>, Names<E> | "AttemptTimedOut">

type InstancesOf<O> = O extends abstract new(...args: never) => infer Instance ? Instance
  : O extends ReadonlyArray<infer Item> ? Item extends abstract new(...args: never) => infer Instance ? Instance : never
  : never

/** A class may be that of an error, of several errors, or of a part of one. */
type Unrelated<E, Instance> = Cause.UnknownError extends E ? never :
  Instance extends unknown ? [Extract<E, Instance>] extends [never] ? [Instance] extends [E] ? never : Instance : never
  : never

type UnknownField<O> = O extends string | AnyFunction | AnyClass ? never
  : O extends ReadonlyArray<infer Item> ? UnknownField<Item>
  : { readonly [K in keyof O]: O[K] extends Answer | AnyFunction | undefined ? never : UnknownKey<O[K]> }[keyof O]

type UnknownKey<Own> = Extract<Exclude<keyof Own, keyof BackoffOptions>, string>

/**
 * Refuses names that `E` does not have, for a signature that infers `O` from the record itself.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Checked<E, O> = O extends string | AnyFunction | AnyClass | ReadonlyArray<unknown> ? unknown
  : unknown extends E ? unknown
  : {
    readonly [K in keyof O]: K extends Names<E> | "AttemptTimedOut"
      ? [O[K] extends Answer | AnyFunction | undefined ? never : UnknownKey<O[K]>] extends [never] ? unknown
      : `${UnknownKey<O[K]>} is no field of a backoff`
      : `nothing here fails with ${Extract<K, string>}`
  }

/**
 * Stands for the errors of an effect that is not known yet: a retry that is built from its options only.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Unbound {
  readonly "~effect-stamina/Unbound": never
}

// ---------------------------------------------------------------------------------------------------------------------
// constructors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Turns any form of `on` into one function from an error to a {@link Verdict}. The result is itself a form of `on`: it
 * can be shared, or be a member of a list.
 *
 * **Details**
 *
 * Throws a `RangeError` at once when `on` has no valid form. The function that it returns throws one where a backoff
 * hook answers anything else than an {@link Answer}: a guess could be a retry storm.
 *
 * **Example** (Asking what would be retried)
 *
 * ```ts
 * import { RetryOn } from "effect-stamina"
 *
 * const judge = RetryOn.make({ RateLimited: "2 seconds", HttpError: true })
 *
 * console.log(judge({ _tag: "RateLimited" }), judge({ _tag: "HttpError" }), judge({ _tag: "ParseError" }))
 * // 2000 true false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <E = unknown, const O extends OnOf<E> = OnOf<E>>(
  on: O & Checked<NoInfer<E>, O>
): (error: unknown extends E ? ErrorOf<O> : NoInfer<E>, attempt?: FailedAttempt) => Verdict =>
  asHook([fromInput("RetryOn.make", on)])

/**
 * The forms of `on` for the errors `E`; every form as long as `E` is not known.
 *
 * @category type-level
 * @since 0.1.0
 */
export type OnOf<E> = unknown extends E ? AnyOn : On<E>

/**
 * The same, where the effect comes first, which alone says what `E` is.
 *
 * @category type-level
 * @since 0.1.0
 */
export type OnFor<E> =
  | Names<E>
  | OnTags<E>
  | UncheckedOn<E>
  | BackoffHook<NoInfer<E>>
  | ErrorClass<NoInfer<E>>
  | ReadonlyArray<Names<E> | "AttemptTimedOut" | OnTags<E> | BackoffHook<NoInfer<E>> | ErrorClass<NoInfer<E>>>

/**
 * The further forms of `on` for errors of type `unknown`: their names are not checked.
 *
 * @category type-level
 * @since 0.1.0
 */
export type UncheckedOn<E> = unknown extends E ? 0 extends 1 & E ? never // `any` goes by no rule
  : string | AnyClass | UncheckedTags<E> | ReadonlyArray<string | AnyClass | BackoffHook<NoInfer<E>> | UncheckedTags<E>>
  : never

/**
 * A record of answers for errors without a type.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface UncheckedTags<E> {
  readonly [name: string]: Answer | BackoffOptions | BackoffHook<NoInfer<E>> | undefined
}

// The compiler looks at a function without parameters once, at the first overload, and takes its answer for any text where
// that overload has no place for functions: `() => "1 hour"` then is none that answers with a duration. So the first overload
// has a place for functions that no function fits.

/**
 * A place for functions in the first overload: it fits nothing.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Never = NeverHook | NeverTags | ReadonlyArray<NeverHook> & NoValue

/**
 * What no value is.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface NoValue {
  readonly [noValue]: never
}
declare const noValue: unique symbol

/**
 * A hook that there is not.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface NeverHook extends NoValue {
  (error: never, attempt: FailedAttempt): Answer
}

/**
 * A record of such hooks.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface NeverTags extends NoValue {
  readonly [name: string]: NeverHook
}

const firstAttempt: FailedAttempt = { num: 1, elapsed: Duration.zero, previousWait: Duration.zero }

/**
 * An `on` for effects that fail with only some of the errors named, so that one list of transient errors can be shared.
 *
 * **Gotchas**
 *
 * Its names are not checked against an effect's errors: a misspelt tag compiles, and retries nothing.
 *
 * **Example** (One list for a whole client)
 *
 * ```ts
 * import { Data, Effect } from "effect"
 * import { RetryOn, Stamina } from "effect-stamina"
 *
 * class Unavailable extends Data.TaggedError("Unavailable") {}
 * class NotFound extends Data.TaggedError("NotFound") {}
 *
 * const transient = RetryOn.among("Unavailable", "Network", { RateLimited: "1 second" })
 *
 * let calls = 0
 * const find = Effect.suspend((): Effect.Effect<string, Unavailable | NotFound> =>
 *   ++calls < 2 ? Effect.fail(new Unavailable()) : Effect.succeed("found")
 * )
 *
 * Effect.runPromise(find.pipe(Stamina.retry({ on: transient, waitInitial: 0, waitJitter: 0 }))).then(console.log) // found
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const among = (
  ...ons: readonly [AnyOn, ...ReadonlyArray<AnyOn>]
): (error: unknown, attempt?: FailedAttempt) => Verdict => asHook(ons.map((on) => fromInput("RetryOn.among", on)))

/** A hook that is asked about the same errors as the forms that it was made of. */
const asHook = (judgements: ReadonlyArray<Judgement>): (error: unknown, attempt?: FailedAttempt) => Verdict => {
  const judge = firstOf(judgements.map(({ judge }) => judge))
  const hook = (error: unknown, attempt = firstAttempt) => judge(error, attempt)
  return judgements.some(({ namesTimeouts }) => namesTimeouts) ? judgingTimeouts(hook) : hook
}
