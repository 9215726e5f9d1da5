/**
 * Retrying a function once and for all, where it is defined: wrapped, as an `Effect.fn`, and as a method.
 *
 * The same with the syntax of decorators: decorator-syntax/Users.ts.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Schema } from "effect"
import { Stamina } from "effect-stamina"
import { deepStrictEqual, strictEqual } from "node:assert/strict"

class HttpError extends Schema.TaggedError<HttpError>()("HttpError", { status: Schema.Int }) {}

let requests = 0

/** Fails twice, and then answers. */
const request = (path: string): Effect.Effect<string, HttpError> =>
  Effect.suspend(() =>
    ++requests % 3 === 0 ? Effect.succeed(`GET ${path}`) : Effect.fail(new HttpError({ status: 503 }))
  )

const options = { on: "HttpError", attempts: 3, waitInitial: "5 millis", waitJitter: 0 } as const

// A wrapped function keeps its parameters, its type and its name, which hooks see.
const fetchUser = Stamina.retried(function fetchUser(id: number) {
  return request(`/users/${id}`)
}, options)

// With `Effect.fn`, the retry goes at the end, as a step of the pipeline; hooks see the name of the span.
const fetchOrder = Effect.fn("fetchOrder")(
  function*(id: number) {
    return yield* request(`/orders/${id}`)
  },
  Stamina.retry(options)
)

// A method keeps its `this`.
class Invoices {
  readonly base = "/invoices"
  readonly find = Stamina.retried(function find(this: Invoices, id: number) {
    return request(`${this.base}/${id}`)
  }, options)
}

const program = Effect.gen(function*() {
  const retried: Array<string> = []
  const watching = Stamina.layerHooks([{
    onRetryScheduled: ({ name, retryNum }) => Effect.sync(() => retried.push(`${name} ${retryNum}`))
  }])

  const answers = yield* Effect.all([fetchUser(1), fetchOrder(2), new Invoices().find(3)]).pipe(
    Effect.provide(watching)
  )
  yield* Console.log(answers.join(", ")) // GET /users/1, GET /orders/2, GET /invoices/3
  yield* Console.log(retried.join(", ")) // fetchUser 1, fetchUser 2, fetchOrder 1, fetchOrder 2, find 1, find 2

  deepStrictEqual(answers, ["GET /users/1", "GET /orders/2", "GET /invoices/3"])
  deepStrictEqual(retried, ["fetchUser 1", "fetchUser 2", "fetchOrder 1", "fetchOrder 2", "find 1", "find 2"])
  strictEqual(requests, 9)
})

NodeRuntime.runMain(program)
