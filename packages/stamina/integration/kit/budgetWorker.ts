/**
 * One process of a fleet, in which all calls to a dependency fail while they are told to: it says every second how many
 * calls it made, and how many attempts.
 *
 *     node budgetWorker.ts <port> <budgets> <calls per second of each> [refuse | wait | local]
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Effect, Logger } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"

const [port = "", budgets = "1", rate = "100", kind = "refuse"] = process.argv.slice(2)

const redis = SharedRetryBudget.layerInBackground(
  NodeRedis.layer({
    socket: { host: "127.0.0.1", port: Number(port) },
    disableOfflineQueue: true
  })
)

let calls = 0
let attempts = 0
/** The longest that a call took, in milliseconds: nothing may hang because of Redis. */
let slowest = 0

const one = Effect.fnUntraced(function*(budget: RetryBudget.RetryBudget) {
  const call = Stamina.retry(Effect.suspend(() => (attempts++, Effect.fail("down"))), {
    on: () => true,
    attempts: 4,
    waitInitial: 10,
    waitJitter: 20,
    timeout: "3 seconds",
    hooks: [],
    budget
  })
  yield* Effect.suspend(() => {
    calls++
    const began = performance.now()
    return Effect.ensuring(
      Effect.ignore(call),
      Effect.sync(() => slowest = Math.max(slowest, performance.now() - began))
    )
  }).pipe(Effect.forkChild, Effect.delay(1000 / Number(rate)), Effect.forever)
})

const report = Effect.sync(() => {
  process.stdout.write(`${JSON.stringify({ calls, attempts, slowest: Math.round(slowest) })}\n`)
  slowest = 0
}).pipe(Effect.delay(1000), Effect.forever)

const program = Effect.gen(function*() {
  const all = yield* Effect.forEach(
    Array.from({ length: Number(budgets) }),
    () =>
      kind === "local"
        ? RetryBudget.make({ name: "stock" })
        : SharedRetryBudget.make({ name: "stock", whenEmpty: kind === "wait" ? "wait" : "refuse" })
  )
  yield* Effect.all([report, ...all.map(one)], { concurrency: "unbounded" })
})

const lines = Logger.make(({ message }) => {
  const text = String(message)
  if (text.startsWith("stamina.budget_store")) process.stdout.write(`${text}\n`)
})

process.on("disconnect", () => process.exit())
process.on("SIGTERM", () => process.exit())
Effect.runFork(program.pipe(Effect.scoped, Effect.provide(redis), Effect.provide(Logger.layer([lines]))))
