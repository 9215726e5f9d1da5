/**
 * What is retried: every form that the option `on` takes, turned into one function from an error to a verdict.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as RetryPolicy from "../policy/RetryPolicy.ts"
import { decodeDuration, refuse } from "../tools/check.ts"
import { fromInput } from "./forms.ts"
import type { Hint, Verdict } from "./Verdict.ts"

export type { Hint, OwnBackoff, Verdict } from "./Verdict.ts"

/**
 * The tags of an error type: the literal `_tag`s of its members.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Tags<E> = E extends { readonly _tag: infer Tag extends string } ? Tag : never

/**
 * The tags that `on` may name: those of `E`, or any string as long as `E` is not known.
 *
 * @category type-level
 * @since 0.1.0
 */
export type KnownTags<E> = unknown extends E ? string : Tags<E>

/**
 * What a backoff hook answers: `true` (retry after the default wait), `false` (do not retry), a duration (retry after
 * exactly that long: no jitter, no cap; zero or negative = at once), or a hint (see {@link atLeast}).
 *
 * @category models
 * @since 0.1.0
 */
export type Answer = boolean | Duration.Input | Hint

/**
 * A backoff hook's answer to a server that says when to come back: wait at least that long, with jitter on top, so that
 * not all who were told the same come back at once.
 *
 * **Details**
 *
 * The wait is the default one where that is longer, else `wait + u · waitJitter`, in every shape and whatever `waitMax`
 * is, both with the same `u`. A wait of zero or less asks for nothing. Where `wait` is longer than `atMost` (default: 60 s), or its end would be at or past the timeout or a
 * deadline, the run is given up at once: who waits for an hour, or in vain, has better things to do.
 *
 * Throws a `RangeError` where `wait` is no finite duration or `atMost` none at all.
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
 * A backoff of its own for one tag: what is left out, or `undefined`, is as in the options around, or stamina's default
 * where there are none. The retries count on through all tags: the third retry of a run has the third wait.
 *
 * @category models
 * @since 0.1.0
 */
export type BackoffOptions = Pick<
  RetryPolicy.Input,
  "backoff" | "waitInitial" | "waitMax" | "waitJitter" | "waitExpBase"
>

/**
 * A class whose instances are retried, checked with `instanceof`.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorClass<E> = abstract new(...args: never) => E

/**
 * The forms of `on`. There is no default: what is not named is not retried.
 *
 * **Details**
 *
 * - a tag: `"HttpError"`
 * - an error class, checked with `instanceof`: `HttpError`
 * - an array of tags and classes: `["HttpError", SocketError]`
 * - a record of tags, each `true`, `false`, a duration, a backoff of its own, or a function of that error:
 *   `{ HttpError: (error) => error.status >= 500, RateLimited: { waitInitial: "2 seconds" } }`
 * - a function of the error, a *backoff hook*, that answers as in {@link Answer}
 *
 * Tags and classes are checked against the effect's own errors wherever TypeScript knows them.
 *
 * **Gotchas**
 *
 * A backoff hook must be a plain function; it is told from an error class by looking at its `prototype`.
 *
 * @category models
 * @since 0.1.0
 */
export type On<E> =
  | KnownTags<E>
  | ErrorClass<E>
  | ReadonlyArray<KnownTags<E> | ErrorClass<E>>
  | OnTags<E>
  | BackoffHook<E>

/**
 * The record form of `on`: an answer for each tag; tags that are left out are not retried.
 *
 * @category models
 * @since 0.1.0
 */
export type OnTags<E> = {
  readonly [Tag in KnownTags<E>]?:
    | Answer
    | BackoffOptions
    | ((error: Extract<E, { readonly _tag: Tag }>) => Answer)
    | undefined
}

/**
 * The function form of `on`. Where the error type is not known yet, the parameter wants an annotation.
 *
 * @category models
 * @since 0.1.0
 */
export type BackoffHook<E> = (error: unknown extends E ? never : E) => Answer

/**
 * The errors that an `on` can be asked about: what its function takes, or anything.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorOf<O> = O extends abstract new(...args: never) => unknown ? unknown
  : O extends (error: infer E) => Answer ? E
  : unknown

/**
 * The tags that an `on` names.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TagsOf<O> = O extends string ? O
  : O extends ReadonlyArray<infer Item> ? Extract<Item, string>
  : O extends ((...args: never) => unknown) | (abstract new(...args: never) => unknown) ? never
  : Extract<keyof O, string>

/**
 * Nothing to add where what fails with `E` can be retried on `O`, else a type that refuses it and says why.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Retryable<E, O, What extends string> = string extends TagsOf<O> ? unknown
  : [TagsOf<O>] extends [Tags<E>] ?
    [E] extends [ErrorOf<O>] ? unknown : `this ${What} has errors that \`on\` does not take`
  : `\`on\` names what this ${What} cannot fail with`

/**
 * Turns any form of `on` into one function from an error to a {@link Verdict}.
 *
 * **Details**
 *
 * Throws a `RangeError` at once when `on` has no valid form. The function that it returns throws one where a backoff
 * hook answers neither a boolean nor a finite duration: retrying would then mean to guess.
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
export const make = <E = unknown, const O extends On<E> = On<E>>(
  on: O
): (error: unknown extends E ? ErrorOf<O> : E) => Verdict => fromInput("RetryOn.make", on)
