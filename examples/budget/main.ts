/**
 * A retry budget in an outage: what it saves the dependency, and that it costs nothing when all is well again.
 *
 *     node examples/budget/main.ts                                   one process
 *     node examples/budget/main.ts --redis redis://127.0.0.1:6379    and two that share a budget
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Console, Data, Effect, Option, References } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { parseArgs } from "node:util"

const { values: { redis } } = parseArgs({ options: { redis: { type: "string" } } })

class Unavailable extends Data.TaggedError("Unavailable") {}

/** A dependency that counts how often it is asked. */
const makeStock = () => {
  let attempts = 0
  let fails: (attempt: number) => boolean = () => true
  return {
    ask: Effect.suspend(() => fails(++attempts) ? Effect.fail(new Unavailable()) : Effect.succeed(7)),
    attempts: () => attempts,
    /** From now on, these attempts fail. */
    failing: (which: (attempt: number) => boolean) => {
      fails = which
      attempts = 0
    }
  }
}

/** Calls one after the other: how many succeed, and why the others gave up. */
const call = Effect.fnUntraced(function*(
  times: number,
  stock: ReturnType<typeof makeStock>,
  budget: RetryBudget.RetryBudget | undefined
) {
  const outcomes: Record<string, number> = {}
  const once = Stamina.retry(stock.ask, {
    on: "Unavailable",
    attempts: 4,
    waitInitial: 0,
    waitJitter: 0,
    hooks: [],
    budget
  })
  for (let i = 0; i < times; i++) {
    const outcome = yield* Effect.match(once, {
      onFailure: (error) => Option.match(Stamina.report(error), { onNone: () => "", onSome: ({ reason }) => reason }),
      onSuccess: () => "success"
    })
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  return outcomes
})

const local = Effect.gen(function*() {
  const stock = makeStock()
  yield* call(1000, stock, undefined)
  yield* Console.log(`without a budget, 1000 calls in an outage make ${stock.attempts()} attempts`)
  // without a budget, 1000 calls in an outage make 4000 attempts

  // calls one after the other are no traffic that waiting could save: see the example `blip`
  const budget = yield* RetryBudget.make({ name: "stock", capacity: 50, whenEmpty: "refuse" })
  stock.failing(() => true)
  const outcomes = yield* call(1000, stock, budget)
  yield* Console.log(`with one, ${stock.attempts()}: ${JSON.stringify(outcomes)}`)
  // with one, 1050: {"AttemptsExhausted":16,"BudgetExhausted":984}

  // the dependency is back; what succeeds fills the budget
  stock.failing(() => false)
  yield* call(250, stock, budget)
  const { refused, tokens } = yield* budget.state
  yield* Console.log(`after 250 calls that succeed, it holds ${Math.round(tokens)} tokens again`)
  // after 250 calls that succeed, it holds 50 tokens again
  assert.ok(refused > 0)

  // one attempt in five fails, and every call succeeds
  stock.failing((attempt) => attempt % 5 === 0)
  yield* Console.log(`where every fifth attempt fails: ${JSON.stringify(yield* call(1000, stock, budget))}`)
  // where every fifth attempt fails: {"success":1000}
})

/** Two processes, as far as Redis can tell. */
const shared = Effect.gen(function*() {
  const name = `example ${randomUUID()}`
  const options = { name, whenEmpty: "refuse" } as const
  const [one, other] = [yield* SharedRetryBudget.make(options), yield* SharedRetryBudget.make(options)]
  const stock = makeStock()
  yield* call(100, stock, one)
  yield* Console.log(`the first process makes ${stock.attempts()} attempts of 100 calls`)
  stock.failing(() => true)
  yield* call(100, stock, other)
  yield* Console.log(`the second makes ${stock.attempts()}, for the first has spent the budget`)
  assert.ok(stock.attempts() <= 102)
}).pipe(Effect.scoped)

/** In a service, `SharedRetryBudget.layerInBackground` lets the program start where Redis is away. */
const withRedis = (url: string) => Effect.provide(shared, NodeRedis.layer({ url, disableOfflineQueue: true }))

// a line at the first refusal is for operators, and not for here
const main = redis === undefined ? local : Effect.andThen(local, withRedis(redis))
await Effect.runPromise(Effect.provideService(main, References.MinimumLogLevel, "None"))
