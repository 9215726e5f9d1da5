/**
 * An order is charged and shipped over a flaky service, by processes that are killed in the midst of it.
 *
 *     node examples/durable/main.ts                                       state in a SQLite file
 *     ORDERS_POSTGRES=postgres://… node examples/durable/main.ts          state in PostgreSQL
 *
 * Prints what happens as it happens, compares it with what should, and exits non-zero if it differs.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Deferred, Effect, FileSystem } from "effect"
import { deepStrictEqual, ok } from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { join } from "node:path"
import * as Shop from "./shop.ts"
import * as Workers from "./workers.ts"

const tell = (line: string) => Effect.sync(() => console.log(line))
// worker 1  takes up the order
// worker 1  charge: attempt 1 failed with status 503, the next in 500ms
// worker 1  killed: the shop has charged the card, and not answered yet
// worker 2  takes up the order
// worker 2  charge: succeeded in attempt 2
// worker 2  ship: attempt 1 failed with status 503, the next in 4s
// worker 2  killed: half a second into the wait
// worker 3  takes up the order
// worker 3  ship: succeeded in attempt 2
// worker 3  done: charge 1, ship 1
// charge: 3 requests with 1 key, done once
// ship: 2 requests with 1 key, done once
// the wait: kept, and only what was left of it was slept after the restart

const program = Effect.gen(function*() {
  const shop = yield* Shop.open({ "/charge": ["503", "silent", "ok"], "/ship": ["503", "ok"] })
  const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const env = { SHOP_URL: shop.url, ORDER_ID: randomUUID(), ORDERS_FILE: join(folder, "orders.db") }

  const first = yield* Workers.start(env, (line) => tell(`worker 1  ${line}`))
  yield* first.killedAt(shop.silent)
  yield* tell("worker 1  killed: the shop has charged the card, and not answered yet")

  const waiting = yield* Deferred.make<void>()
  const second = yield* Workers.start(env, (line) =>
    Effect.andThen(
      tell(`worker 2  ${line}`),
      line.startsWith("ship: attempt 1") ? Deferred.succeed(waiting, undefined) : Effect.void
    ))
  yield* second.killedAt(Effect.andThen(Deferred.await(waiting), Effect.sleep("500 millis")))
  yield* tell("worker 2  killed: half a second into the wait")

  const third = yield* Workers.start(env, (line) => tell(`worker 3  ${line}`))
  const restarted = yield* third.done

  for (const [path, requests] of [["/charge", 3], ["/ship", 2]] as const) {
    const seen = shop.requests(path)
    const keys = new Set(seen.map(({ key }) => key)).size
    deepStrictEqual([seen.length, keys, shop.done(path)], [requests, 1, 1])
    yield* tell(`${path.slice(1)}: ${requests} requests with 1 key, done once`)
  }

  const [failed = Number.NaN, again = Number.NaN] = shop.requests("/ship").map(({ at }) => at)
  ok(again - failed >= wait, `attempt 2 came ${again - failed} ms after attempt 1`)
  ok(again - restarted < wait, `attempt 2 came ${again - restarted} ms after the restart`)
  yield* tell("the wait: kept, and only what was left of it was slept after the restart")
})

/** What the policy of `ship` says, in milliseconds. */
const wait = 4_000

program.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)
