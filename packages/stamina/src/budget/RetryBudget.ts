/**
 * Retry budgets: a limit on the retries of *all* calls to one dependency, so that an outage is not made worse.
 *
 * The limits of a run protect the caller. They do nothing for a dependency that is down: there, every call makes all of
 * its attempts, and a service that was busy before gets several times the load. A budget lets retries through while
 * they help, and stops them while nothing succeeds.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import { checkKnown, refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"
import * as bucket from "./bucket.ts"
import { BudgetTelemetry } from "./budgetTelemetry.ts"
import { byKey, checkMaxKeys } from "./byKey.ts"
import { Cooldown } from "./cooldown.ts"
import { type Answer, type Door, type FailedCall, TypeId as DoorTypeId } from "./Door.ts"

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
 * - A retry takes one token. Without one, the run gives up with `BudgetExhausted` and its last error.
 * - A call that succeeds at its first attempt puts `refill` of a token back.
 * - A retry that succeeds puts its token back, and so does one that never begins. Only retries that fail cost anything.
 * - First attempts are never asked, nor is anything in test mode or where retries are switched off.
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
}

/**
 * How a budget stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  /** How many retries could be made now. Below 0 where calls that began have failed, and others had spent their part. */
  readonly tokens: number
  /** The retries that were granted and refused so far, by this process. */
  readonly granted: number
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
 * The defaults were found by simulation: see `docs/budgets.md` for what they cost in an outage, and what larger and
 * smaller ones do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The label `budget` in metrics and logs: one budget, one name. Default `"<unnamed>"`. */
  readonly name?: string | undefined
  /**
   * The most tokens it can hold, and how many it begins with: a number ≥ 1. Below `1 + refill`, no call that fails finds a
   * whole token, so nothing is retried. Default 50.
   */
  readonly capacity?: number | undefined
  /** What a call that succeeds at its first attempt puts back, in tokens: from 0 to 1. Default 0.2. */
  readonly refill?: number | undefined
}

/**
 * The options of budgets by key.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyedOptions extends Options {
  /** How many budgets are kept. Beyond it, the one not used for longest goes first. Default 200. */
  readonly maxKeys?: number | undefined
}

/**
 * Budgets by key, made as they are needed: the same one for the same key.
 *
 * @category models
 * @since 0.1.0
 */
export type Keyed = (key: string) => RetryBudget

/**
 * How many tokens a budget holds by default.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultCapacity = 50

/**
 * What a call that succeeds at once puts back by default, in tokens.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultRefill = 0.2

/**
 * Makes a budget.
 *
 * **Details**
 *
 * One budget per dependency: hand the same value to all retries of calls to it. Throws a `RangeError` at once when an
 * option is out of range or unknown.
 *
 * **Example** (A service that protects its dependency)
 *
 * ```ts
 * import { Context, Data, Effect, Layer } from "effect"
 * import { RetryBudget, Stamina } from "effect-stamina"
 *
 * class Refused extends Data.TaggedError("Refused") {}
 *
 * class Stock extends Context.Service<Stock, { readonly of: (id: number) => Effect.Effect<number, Refused> }>()(
 *   "app/Stock"
 * ) {}
 *
 * export const layer = Layer.effect(
 *   Stock,
 *   Effect.gen(function*() {
 *     const budget = yield* RetryBudget.make({ name: "stock" })
 *     const call = (id: number): Effect.Effect<number, Refused> => Effect.succeed(id)
 *     return Stock.of({ of: Stamina.retried(call, { on: "Refused", budget }) })
 *   })
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<RetryBudget> => {
  const checked = fromOptions("RetryBudget.make", options)
  return Effect.withFiberSucceed((fiber) => {
    const budget = new LocalBudget(checked)
    budget.telemetry.register(fiber)
    return budget
  })
}

/**
 * Makes a budget outside of an effect: for a constant of a module.
 *
 * **Gotchas**
 *
 * Its series appear in the metrics with the first retry that it is asked for. Tests that share it share its tokens.
 *
 * **Example** (A budget beside what it protects)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { RetryBudget, Stamina } from "effect-stamina"
 *
 * const budget = RetryBudget.makeUnsafe({ name: "search", capacity: 2 })
 *
 * const down = Effect.fail("down").pipe(
 *   Stamina.retry({ on: () => true, budget, waitInitial: "1 milli", waitJitter: 0 }),
 *   Effect.flip,
 *   Effect.provide(Stamina.layerHooks([]))
 * )
 *
 * const program = Effect.gen(function*() {
 *   yield* down
 *   return yield* budget.state
 * })
 *
 * Effect.runPromise(program).then(({ granted, refused }) => console.log(granted, refused)) // 1 1
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe = (options: Options = {}): RetryBudget =>
  new LocalBudget(fromOptions("RetryBudget.makeUnsafe", options))

/**
 * Makes budgets by key: one for each host, tenant or shard. See {@link keyedUnsafe}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const keyed = (options: KeyedOptions = {}): Effect.Effect<Keyed> => {
  const checked = fromKeyedOptions("RetryBudget.keyed", options)
  return Effect.sync(() => localByKey(options, checked))
}

/**
 * Makes budgets by key outside of an effect.
 *
 * **Details**
 *
 * Each is called by its key in metrics and logs, after the `name` if there is one: `"search eu-1"`.
 *
 * **Gotchas**
 *
 * A key that comes back after it had to go starts with a full budget.
 *
 * **Example** (One budget per shard)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { RetryBudget, Stamina } from "effect-stamina"
 *
 * const budgets = RetryBudget.keyedUnsafe({ name: "shard", maxKeys: 64 })
 *
 * export const read = (shard: string) =>
 *   Effect.succeed(`a row of ${shard}`).pipe(Stamina.retry({ on: () => true, budget: budgets(shard) }))
 *
 * console.log(budgets("eu-1") === budgets("eu-1"), budgets("eu-1").name) // true shard eu-1
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const keyedUnsafe = (options: KeyedOptions = {}): Keyed =>
  localByKey(options, fromKeyedOptions("RetryBudget.keyedUnsafe", options))

/**
 * Whether a value is a retry budget.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRetryBudget = (value: unknown): value is RetryBudget => Predicate.hasProperty(value, TypeId)

/**
 * Checked options of a budget.
 *
 * @internal
 */
export interface Checked {
  readonly name: string
  readonly capacity: number
  readonly refill: number
}

/**
 * Checks the options of a budget on behalf of the function named `caller`.
 *
 * @internal
 */
export const fromOptions = (caller: string, options: Options, more: ReadonlyArray<string> = []): Checked => {
  checkKnown(caller, options, ["name", "capacity", "refill", ...more])
  const { capacity = defaultCapacity, name = "<unnamed>", refill = defaultRefill } = options
  if (!isName(name)) return refuse(caller, "name", "a non-empty string", name)
  return {
    name,
    capacity: between(caller, "capacity", capacity, 1, 1e9),
    refill: between(caller, "refill", refill, 0, 1)
  }
}

const fromKeyedOptions = (caller: string, options: KeyedOptions) => {
  const checked = fromOptions(caller, options, ["maxKeys"])
  return { ...checked, maxKeys: checkMaxKeys(caller, options.maxKeys) }
}

const between = (caller: string, field: string, value: unknown, min: number, max: number): number =>
  typeof value === "number" && value >= min && value <= max
    ? value
    : refuse(caller, field, `a number from ${min} to ${max}`, value)

const localByKey = (options: KeyedOptions, { maxKeys, ...checked }: Checked & { readonly maxKeys: number }): Keyed =>
  byKey(
    maxKeys,
    (key) => new LocalBudget({ ...checked, name: options.name === undefined ? key : `${options.name} ${key}` }),
    (budget) => budget.telemetry.forget()
  )

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** A budget whose tokens are in this process. */
class LocalBudget implements RetryBudget {
  readonly [TypeId]: TypeId = TypeId
  readonly [DoorTypeId]: typeof DoorTypeId = DoorTypeId
  readonly name: string
  readonly telemetry: BudgetTelemetry
  private readonly bucket: bucket.Bucket
  private readonly cooldown = new Cooldown()

  constructor({ capacity, name, refill }: Checked) {
    this.name = name
    this.bucket = bucket.make(capacity, refill)
    this.telemetry = new BudgetTelemetry({ name, tokens: () => this.tokens })
  }

  called(fiber: AnyFiber): void {
    bucket.called(this.bucket)
    if (this.telemetry.isExhausted) this.telemetry.seen(this.isHalfFull, fiber)
  }

  failed({ attempt, hint }: FailedCall, fiber: AnyFiber): void {
    if (attempt === 1) bucket.failed(this.bucket)
    if (hint !== undefined) this.cooldown.extend(hint, fiber)
    this.telemetry.seen(this.isHalfFull, fiber)
  }

  ask(_request: unknown, fiber: AnyFiber): Answer {
    const wait = this.cooldown.millisLeft(fiber)
    if (wait >= 1) return { _tag: "Later", wait }
    if (!bucket.take(this.bucket)) {
      this.telemetry.countRefused(fiber)
      return exhausted
    }
    this.telemetry.countGranted(fiber)
    return granted
  }

  notBefore(fiber: AnyFiber): number {
    return this.cooldown.millisLeft(fiber)
  }

  succeeded(fiber: AnyFiber): void {
    bucket.putBack(this.bucket)
    this.telemetry.seen(this.isHalfFull, fiber)
  }

  unused(): void {
    bucket.putBack(this.bucket)
  }

  get state(): Effect.Effect<State> {
    return Effect.withFiberSucceed((fiber) => ({
      tokens: this.tokens,
      granted: this.telemetry.granted,
      refused: this.telemetry.refused,
      quietFor: Duration.millis(this.cooldown.millisLeft(fiber)),
      store: "local"
    }))
  }

  private get tokens(): number {
    return this.bucket.units / bucket.token
  }

  private get isHalfFull(): boolean {
    return this.bucket.units >= this.bucket.capacity / 2
  }
}

/**
 * The answer of an empty budget.
 *
 * @internal
 */
export const exhausted: Answer = { _tag: "Refused", reason: "BudgetExhausted" }

/**
 * The answer of a budget that has a token.
 *
 * @internal
 */
export const granted: Answer = { _tag: "Granted" }
