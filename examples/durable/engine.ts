/**
 * Effect's workflow engine on one machine, without a server: its state is in a SQLite file. With a PostgreSQL where
 * `ORDERS_POSTGRES` holds its URL.
 */
import { Config, Effect, Layer, Option } from "effect"
import { ClusterWorkflowEngine, SingleRunner } from "effect/cluster"
import * as Digest from "effect/crypto/Digest"
import * as Sqlite from "../sql/sqlite.ts"

const database = Layer.unwrap(Effect.gen(function*() {
  const url = yield* Config.option(Config.Redacted("ORDERS_POSTGRES"))
  if (Option.isNone(url)) return Sqlite.layer(yield* Config.String("ORDERS_FILE"))
  const { PgClient } = yield* Effect.promise(() => import("@effect/sql-pg"))
  return PgClient.layer({ url: url.value })
}))

export const layer = ClusterWorkflowEngine.layer.pipe(
  Layer.provideMerge(SingleRunner.layer()),
  Layer.provide(database),
  Layer.provide(Digest.layerWebCrypto)
)
