/**
 * Retry budgets that all processes of a fleet share, in Redis.
 *
 * **Unstable**, like the part of Effect that it stands on: `effect/persistence` may change in a minor release, and this
 * module with it. It is no part of the main entry:
 * `import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"`.
 *
 * @stability unstable
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { byKey, checkMaxKeys } from "../budget/byKey.ts"
import * as Budget from "../budget/options.ts"
import type * as RetryBudget from "../budget/RetryBudget.ts"
import { refuse } from "../tools/check.ts"
import { readReply, script } from "./script.ts"
import { type CheckedShared, seldomMillis, SharedBudget, type Store, tickMillis } from "./shared.ts"

/**
 * The options of a shared budget.
 *
 * @stability unstable
 * @category models
 * @since 0.1.0
 */
export interface Options extends RetryBudget.Options {
  /** The name of the dependency: all processes with the same name share one bucket, and should have the same options. */
  readonly name: string
  /** The most tokens that all processes share: a number from 1 to 1e9. Default 50. */
  readonly capacity?: number | undefined
  /**
   * What a retry does that finds no token: it waits in its process for one (`"wait"`), or its run gives up at once (`"refuse"`).
   * Default `"wait"`.
   */
  readonly whenEmpty?: "wait" | "refuse" | undefined
  /**
   * The most tokens that one process has for itself while Redis is away: a number from 1 to `capacity`. Default: a tenth of
   * `capacity`.
   */
  readonly fallbackCapacity?: number | undefined
}

/**
 * The options of shared budgets by key.
 *
 * @stability unstable
 * @category models
 * @since 0.1.0
 */
export interface KeyedOptions extends Options {
  /** How many budgets are kept here. Beyond it, the one not used for longest goes first. Default 200. */
  readonly maxKeys?: number | undefined
}

/**
 * Makes a budget whose tokens are in Redis, for all processes that give it the same name.
 *
 * **When to use**
 *
 * Where many small processes call one dependency. Each of them with a bucket of its own begins an outage with a full one.
 * Few large processes need no sharing: see `docs/budgets.md` for figures.
 *
 * **Details**
 *
 * What calls come to is gathered and sent ten times a second at most. A retry costs one round trip; those that ask while
 * one is under way share the next. After a refusal a process refuses by itself for 100 ms.
 *
 * If Redis does not answer within 500 ms, or with an error, or with anything but what the script returns, the process goes on alone: with `fallbackCapacity` tokens at
 * most, and no more than the shared bucket held. That is logged once, as `stamina.budget_store_lost`, and its return as
 * `stamina.budget_store_back`. No call fails because of Redis, and none waits for it longer than that.
 *
 * Waits that the dependency asked for hold for the retries of all processes.
 *
 * A retry without a token waits in its process, as with a `RetryBudget`: within the limits of its run, and behind those whose retries have not failed. While some wait, their process asks for all of them at once, ten times a second at
 * most. If nothing has begun for five mean gaps between first attempts, from 1 to 5 s, one goes as a probe. Their limits are looked
 * at ten times a second.
 *
 * Throws a `RangeError` at once when an option is out of range or unknown.
 *
 * **Gotchas**
 *
 * A client that queues commands while it has no connection, as node-redis does by default, costs up to 500 ms when it
 * loses one: say `disableOfflineQueue: true`. `NodeRedis.layer` fails where Redis is away: see {@link layerInBackground}.
 *
 * **Example** (A service whose processes share a budget)
 *
 * ```ts no-run
 * import { NodeRedis } from "@effect/platform-node"
 * import { Context, Data, Effect, Layer } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
 *
 * class Refused extends Data.TaggedError("Refused") {}
 *
 * class Stock extends Context.Service<Stock, { readonly of: (id: number) => Effect.Effect<number, Refused> }>()(
 *   "app/Stock"
 * ) {}
 *
 * const redis = SharedRetryBudget.layerInBackground(NodeRedis.layer({ disableOfflineQueue: true }))
 *
 * export const layer = Layer.effect(
 *   Stock,
 *   Effect.gen(function*() {
 *     const budget = yield* SharedRetryBudget.make({ name: "stock" })
 *     const call = (id: number): Effect.Effect<number, Refused> => Effect.succeed(id)
 *     return Stock.of({ of: Stamina.retried(call, { on: "Refused", budget }) })
 *   })
 * ).pipe(Layer.provide(redis))
 * ```
 *
 * @stability unstable
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options
): Effect.Effect<RetryBudget.RetryBudget, never, Redis.Redis | Scope.Scope> => {
  const checked = fromOptions("SharedRetryBudget.make", options)
  return Effect.flatMap(store, ({ add, store }) =>
    Effect.withFiberSucceed((fiber) => {
      const budget = new SharedBudget(checked, store)
      budget.telemetry.register(fiber)
      add(budget)
      return budget
    }))
}

/**
 * Makes shared budgets by key: one for each host, tenant or shard, named after the `name` and the key.
 *
 * **Example** (One budget for each origin, for the whole fleet)
 *
 * ```ts no-run
 * import { Effect } from "effect"
 * import { HttpClient, type HttpClientRequest } from "effect/http"
 * import * as HttpRetry from "effect-stamina/HttpRetry"
 * import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
 *
 * export const client = Effect.gen(function*() {
 *   const budgets = yield* SharedRetryBudget.keyed({ name: "http" })
 *   const budget = (request: HttpClientRequest.HttpClientRequest) => budgets(HttpRetry.originOf(request))
 *   return HttpRetry.retry(yield* HttpClient.HttpClient, { budget })
 * })
 * ```
 *
 * @stability unstable
 * @category constructors
 * @since 0.1.0
 */
export const keyed = (
  options: KeyedOptions
): Effect.Effect<RetryBudget.Keyed, never, Redis.Redis | Scope.Scope> => {
  const caller = "SharedRetryBudget.keyed"
  const checked = fromOptions(caller, options, ["maxKeys"])
  const maxKeys = checkMaxKeys(caller, options.maxKeys)
  return Effect.map(store, ({ add, remove, store }) =>
    byKey(maxKeys, (key) => {
      const budget = new SharedBudget({ ...checked, name: `${checked.name} ${key}` }, store)
      add(budget)
      return budget
    }, () =>
      true, remove))
}

/**
 * Builds a layer of `Redis` in the background, so that a program starts where Redis is away. Until there is a connection,
 * all commands fail at once. A layer that fails is built anew every second.
 *
 * **Example** (Starting without Redis)
 *
 * ```ts no-run
 * import { NodeRedis } from "@effect/platform-node"
 * import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
 *
 * export const redis = SharedRetryBudget.layerInBackground(
 *   NodeRedis.layer({ url: "redis://cache.internal", disableOfflineQueue: true })
 * )
 * ```
 *
 * @stability unstable
 * @category layers
 * @since 0.1.0
 */
export const layerInBackground = <E, R>(
  redis: Layer.Layer<Redis.Redis, E, R>
): Layer.Layer<Redis.Redis, never, R> =>
  Layer.effect(
    Redis.Redis,
    Effect.gen(function*() {
      const scope = yield* Effect.scope
      let built: Redis.Redis["Service"] | undefined
      // a layer that fails releases what it has acquired
      const build = Effect.map(Layer.buildWithScope(redis, scope), (context) => {
        built = Context.get(context, Redis.Redis)
      })
      yield* Effect.forkIn(Effect.retry(Effect.sandbox(build), Schedule.spaced(seldomMillis)), scope)
      const use = <A>(f: (redis: Redis.Redis["Service"]) => Effect.Effect<A, Redis.RedisError>) =>
        Effect.suspend(() => built === undefined ? Effect.fail(notConnected()) : f(built))
      return Redis.Redis.of({
        send: (command, ...args) => use((redis) => redis.send(command, ...args)),
        eval: (script) => (...params) => use((redis) => redis.eval(script)(...params)),
        subscribe: (channel) =>
          Effect.suspend(() => built === undefined ? Effect.die(notConnected()) : built.subscribe(channel)),
        reserve: Effect.suspend(() => built === undefined ? Effect.fail(notConnected()) : built.reserve)
      })
    })
  )

const unreadable = () => new Redis.RedisError({ cause: new Error("the reply to the script is not three numbers") })

const notConnected = () => new Redis.RedisError({ cause: new Error("there is no connection to Redis yet") })

const fromOptions = (caller: string, options: Options, more: ReadonlyArray<string> = []): CheckedShared => {
  const given = { ...options, capacity: options.capacity ?? defaultCapacity }
  const checked = Budget.fromOptions(caller, given, ["fallbackCapacity", ...more])
  const { capacity } = checked
  if (typeof capacity !== "number") return refuse(caller, "capacity", "a number from 1 to 1e9", capacity)
  const { fallbackCapacity = Math.max(1, capacity / 10), name } = options
  if (name === undefined) return refuse(caller, "name", "a non-empty string", name)
  return typeof fallbackCapacity === "number" && fallbackCapacity >= 1 && fallbackCapacity <= capacity
    ? { ...checked, capacity, fallbackCapacity }
    : refuse(caller, "fallbackCapacity", `a number from 1 to ${capacity}`, fallbackCapacity)
}

/** How many tokens all processes share by default. */
const defaultCapacity = 50

/** The Redis around, and the budgets that are looked after until the scope around closes. */
const store = /*#__PURE__*/ Effect.gen(function*() {
  const redis = yield* Redis.Redis
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const budgets = new Set<SharedBudget>()
  yield* Effect.addFinalizer(() => Effect.sync(() => budgets.forEach((budget) => budget.close())))
  const tick = Effect.withFiberSucceed((fiber) => budgets.forEach((budget) => budget.tick(fiber)))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(tick, Effect.sleep(tickMillis))))
  const evaluate = redis.eval(script)
  return {
    store: {
      send: (command) =>
        Effect.flatMap(evaluate(command), (raw) => {
          const reply = readReply(raw)
          return reply === undefined ? Effect.fail(unreadable()) : Effect.succeed(reply)
        }),
      start: (effect) => void run(Effect.provideService(effect, Clock.Clock, clock))
    } satisfies Store,
    add: (budget: SharedBudget): void => void budgets.add(budget),
    remove: (budget: SharedBudget): void => {
      budgets.delete(budget)
      budget.close()
    }
  }
})
