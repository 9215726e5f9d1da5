/**
 * What a retry budget is: types of `RetryBudget`.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Door } from "./Door.ts"
import type { Capacity } from "./tokens.ts"

/**
 * The type identifier of a {@link RetryBudget}.
 *
 * @category type ids
 * @since 0.1.0
 */
export const TypeId: TypeId = "~effect-stamina/RetryBudget"

/**
 * The type of {@link TypeId}.
 *
 * @category type ids
 * @since 0.1.0
 */
export type TypeId = "~effect-stamina/RetryBudget"

/**
 * A budget of retries for one dependency: a bucket of tokens.
 *
 * **Details**
 *
 * - A retry takes one token when it begins. Without one it waits, within the limits of its run, and goes on as tokens come
 *   back. If none does in time, the run gives up with `BudgetExhausted` and its last error.
 * - A call that succeeds at its first attempt puts `refill` of a token back.
 * - A retry that succeeds puts its token back and half as much again as a first attempt, and one that never begins puts its
 *   token back. Only retries that fail cost anything.
 * - While nothing succeeds, no retry takes a token: first attempts find out when the dependency is back. If none arrive, one
 *   retry at a time goes as a probe.
 * - First attempts are never asked, nor is anything in test mode or if retries are switched off.
 *
 * A budget also remembers until when the dependency asked to be left alone, such as by a `Retry-After`: retries of other
 * calls are not made earlier.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryBudget extends Door {
  readonly [TypeId]: TypeId
  /** The label `budget` in metrics and logs. */
  readonly name: string
  /** How it stands now. */
  readonly state: Effect.Effect<State>
  /**
   * For how many milliseconds the dependency, or a part of it, wants to be left alone, at a time of the monotonic clock.
   *
   * @internal
   */
  readonly quietFor: (about: string | undefined, now: number) => number
}

/**
 * How a budget stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  /** How many tokens it holds. Below 0 if calls that began have failed, and others had spent their part. */
  readonly tokens: number
  /** How many retries wait for a token now. */
  readonly waiting: number
  /** The retries that were granted so far by this process, at once or after a wait. */
  readonly granted: number
  /** The retries that had to wait. */
  readonly deferred: number
  /** The retries that were refused, and those whose limits ended their wait. */
  readonly refused: number
  /** For how long the dependency asked to be left alone, from now. */
  readonly quietFor: Duration.Duration
  /** Where the tokens are: in this process, in a store that processes share, or here because that store is lost. */
  readonly store: "local" | "shared" | "lost"
}

/**
 * The options of a budget.
 *
 * **Details**
 *
 * The defaults were found by simulation: see `docs/budgets.md` for what they save and what they cost.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The label `budget` in metrics and logs: one budget, one name. Default `"<unnamed>"`. */
  readonly name?: string | undefined
  /**
   * The most tokens it can hold. A number from 1 to 1e9 is fixed. `{ atLeast, seconds }` follows the traffic: so much as
   * first attempts earn in `seconds` (a number from 0 to 3600), and `atLeast` so many tokens. It begins full. Default
   * `{ atLeast: 10, seconds: 3 }`.
   */
  readonly capacity?: Capacity | undefined
  /** What a call that succeeds at its first attempt puts back, in tokens: from 0 to 1. Default 0.2. */
  readonly refill?: number | undefined
  /**
   * What a retry does that finds no token: it waits for one (`"wait"`), or its run gives up at once with `BudgetExhausted`
   * (`"refuse"`). Default `"wait"`.
   */
  readonly whenEmpty?: "wait" | "refuse" | undefined
  /**
   * How many retries may wait at a time: an integer >= 1, or `Infinity`. Beyond it, runs give up at once. Each holds what its
   * caller holds, such as a socket and a body. Default 32 000, which is what 700 calls a second reach in an outage within the
   * default timeout of 45 s.
   */
  readonly maxWaiting?: number | undefined
}

/**
 * The options of budgets by key.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyedOptions extends Options {
  /** How many budgets are kept: an integer >= 1. Beyond it, one that is at rest goes first. Default 200. */
  readonly maxKeys?: number | undefined
}

/**
 * Budgets by key, made as they are needed: the same one for the same key.
 *
 * @category models
 * @since 0.1.0
 */
export type Keyed = (key: string) => RetryBudget
