/**
 * Retry budgets: a limit on the retries of *all* calls to one dependency, so that an outage is not made worse.
 *
 * The limits of a run protect the caller. They do nothing for a dependency that is down: there, every call makes all of
 * its attempts, and a service that was busy before gets several times the load. A budget lets retries through while
 * they help, and has them wait while nothing succeeds. So calls are saved as if there were no budget, at the load of no
 * retries.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { byKey, checkMaxKeys } from "./byKey.ts"
import * as ids from "./ids.ts"
import { LocalBudget } from "./localBudget.ts"
import { type Keyed, type KeyedOptions, type Options, type RetryBudget } from "./model.ts"
import * as options from "./options.ts"
import type { Capacity } from "./tokens.ts"
import * as waiting from "./waiting.ts"

export { type Keyed, type KeyedOptions, type Options, type RetryBudget, type State, TypeId } from "./model.ts"
export type { Capacity } from "./tokens.ts"

/**
 * How many tokens a budget holds by default: what first attempts earn in 3 seconds, and at least 10.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultCapacity: Capacity = options.defaultCapacity

/**
 * What a call that succeeds at once puts back by default, in tokens.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultRefill: number = options.defaultRefill

/**
 * How many retries may wait for a token at a time by default.
 *
 * @category defaults
 * @since 0.2.0
 */
export const defaultMaxWaiting: number = waiting.defaultMaxWaiting

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
export const make = (given: Options = {}): Effect.Effect<RetryBudget> => {
  const checked = options.fromOptions("RetryBudget.make", given)
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
 * const budget = RetryBudget.makeUnsafe({ name: "search", capacity: 2, whenEmpty: "refuse" })
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
 * Effect.runPromise(program).then(({ granted, refused }) => console.log(granted, refused)) // 2 1
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe = (given: Options = {}): RetryBudget =>
  new LocalBudget(options.fromOptions("RetryBudget.makeUnsafe", given))

/**
 * Makes budgets by key: one for each host, tenant or shard. See {@link keyedUnsafe}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const keyed = (given: KeyedOptions = {}): Effect.Effect<Keyed> => {
  const checked = fromKeyedOptions("RetryBudget.keyed", given)
  return Effect.sync(() => localByKey(given, checked))
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
 * Beyond `maxKeys`, the budget that was not used for longest goes, of those that are full and that nobody waits for. If there
 * is none, the new one begins with no more tokens than the old one had: so many keys make no tokens.
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
export const keyedUnsafe = (given: KeyedOptions = {}): Keyed =>
  localByKey(given, fromKeyedOptions("RetryBudget.keyedUnsafe", given))

/**
 * Whether a value is a retry budget.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRetryBudget = (value: unknown): value is RetryBudget => ids.isRetryBudget(value)

const fromKeyedOptions = (caller: string, given: KeyedOptions) => ({
  ...options.fromOptions(caller, given, ["maxKeys"]),
  maxKeys: checkMaxKeys(caller, given.maxKeys)
})

/**
 * Budgets of a process, by key. On another clock, such as that of the next test, each begins anew.
 *
 * @internal
 */
export const ofProcess = (): Keyed => localByKey({}, { ...fromKeyedOptions("RetryBudget.keyed", {}), isOfClock: true })

const localByKey = (
  { name }: KeyedOptions,
  { maxKeys, ...checked }: options.Checked & { readonly maxKeys: number }
): Keyed =>
  byKey(
    maxKeys,
    (key, heir: LocalBudget | undefined) =>
      new LocalBudget({ ...checked, name: name === undefined ? key : `${name} ${key}` }, heir),
    (budget) => budget.isAtRest,
    (budget) => budget.telemetry.forget()
  )
