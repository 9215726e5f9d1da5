/**
 * Effect's workflow engine on one machine. Its state is in a SQLite file, so it needs no server. Where `ORDERS_POSTGRES`
 * holds a URL, it is in that PostgreSQL.
 */
import { Config, Effect, Layer, Option, type Redacted } from "effect"
import { ClusterWorkflowEngine, SingleRunner } from "effect/cluster"
import * as Digest from "effect/crypto/Digest"
import * as Sqlite from "../sql/sqlite.ts"

/** One process at a time has the file, so nobody else asks who runs what: that needs no storage. */
const onFile = (file: string) => SingleRunner.layer({ runnerStorage: "memory" }).pipe(Layer.provide(Sqlite.layer(file)))

/** Locks in the database keep a second process from running the same orders. */
const onPostgres = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const { PgClient } = yield* Effect.promise(() => import("@effect/sql-pg"))
  return SingleRunner.layer().pipe(Layer.provide(PgClient.layer({ url })))
})

const runner = Layer.unwrap(Effect.gen(function*() {
  const url = yield* Config.option(Config.Redacted("ORDERS_POSTGRES"))
  return Option.isSome(url) ? yield* onPostgres(url.value) : onFile(yield* Config.String("ORDERS_FILE"))
}))

export const layer = ClusterWorkflowEngine.layer.pipe(Layer.provideMerge(runner), Layer.provide(Digest.layerWebCrypto))
