import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger, References, Stream } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { HttpClientRequest } from "effect/http"
import { SqlClient, SqlError } from "effect/sql"
import { globSync, readFileSync } from "node:fs"
import { drivers } from "../kit/drivers.ts"
import { FakeDatabase } from "../kit/fakeDatabase.ts"
import { scripted } from "../kit/scriptedClient.ts"
import { recordLogs } from "../kit/telemetry.ts"

const sources = globSync("**/*.ts", { cwd: new URL("../../src/", import.meta.url).pathname })

/** A source without its comments. */
const codeOf = (file: string) =>
  readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8").replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "")

it("no other source writes lines, so each is limited", () => {
  const writes = /\bEffect\.log|\bconsole\.|effect\/Logger|effect\/Console|\bLogger\b|\blogWithLevel\b/
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.filter((file) => writes.test(codeOf(file)))).toEqual(["tools/logLine.ts"])
})

const lost = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: Object.assign(new Error(), { code: "ECONNRESET" }) })
})
const answer = { to: "COMMIT", error: lost, closes: true }

const quiet = { hooks: [], attempts: 1 }
const url = "http://localhost/"
const transaction = SqlRetry.transaction(Effect.void, quiet)
const upload = HttpClientRequest.put(url).pipe(HttpClientRequest.bodyStream(Stream.make(new Uint8Array(1))))

/** Everything that is logged beside what hooks log, as often as it happens. */
const lines: ReadonlyArray<readonly [string, () => Effect.Effect<unknown, unknown>]> = [
  ["stamina.not_retried", () => Stamina.retry(Effect.fail("down"), { ...quiet, on: () => false })],
  [
    "stamina.limits_conflict",
    () => Stamina.retry(Effect.fail("down"), { hooks: [], on: () => false, attemptTimeout: "1 minute" })
  ],
  ["stamina.not_retried", () => HttpRetry.retry(scripted("fault").client, quiet).execute(upload)],
  [
    "stamina.hint_ignored",
    () => HttpRetry.retry(scripted({ status: 503, headers: { "retry-after": "soon" } }).client, quiet).get(url)
  ],
  ["stamina.commit_unknown", () => Effect.provide(transaction, new FakeDatabase(answer).layer)],
  [
    "stamina.transaction_not_retried",
    () =>
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(transaction)).pipe(
        Effect.provide(new FakeDatabase().layer)
      )
  ],
  ["effect-stamina: a retry hook died", () =>
    Stamina.retry(Effect.fail("down"), {
      attempts: 1,
      on: () => true,
      hooks: [{
        onGaveUp: () => {
          throw new Error("hook")
        }
      }]
    })],
  ["stamina.gave_up", () => Stamina.retry(Effect.fail("down"), { attempts: 1, on: () => true })]
]

describe("of a line that is written a thousand times in a second", () => {
  it.effect.each(lines)("%s is written ten times, and then counted", ([message, happens]) =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      for (let i = 0; i < 1000; i++) yield* provide(Effect.exit(happens()))
      const written = lines.filter((line) => line.message === message)
      expect(written).toHaveLength(10)
      expect(written.at(-1)?.annotations).toHaveProperty("suppressing_for")
    }))
})

describe("a logger that dies of a line", () => {
  const dying = Effect.provideService(
    Logger.CurrentLoggers,
    new Set([Logger.make(() => {
      throw new Error("disk full")
    })])
  )
  const all = Effect.provideService(References.MinimumLogLevel, "All")

  it.effect("changes nothing of what comes out", () =>
    Effect.gen(function*() {
      for (const driver of drivers) {
        const failing = driver.build({ attempts: 1, on: "Other" }, () => Effect.fail("down"))
        expect(yield* Effect.flip(failing.pipe(dying, all))).toBe("down")
      }
      const { client } = scripted("fault")
      const sent = HttpRetry.retry(client, quiet).execute(upload)
      expect(yield* Effect.flip(sent.pipe(dying, all))).toMatchObject({ reason: { _tag: "TransportError" } })
      expect(yield* Effect.flip(Effect.provide(transaction, new FakeDatabase(answer).layer).pipe(dying, all)))
        .toBe(lost)
    }))
})
