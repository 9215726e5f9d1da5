import { describe, expect, it } from "@effect/vitest"
import { Data, Effect, Exit, Stream } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { HttpClientRequest } from "effect/http"
import { SqlError } from "effect/sql"
import { type Driver, drivers } from "../kit/drivers.ts"
import { driver as durable } from "../kit/durable.ts"
import { FakeDatabase } from "../kit/fakeDatabase.ts"
import { inTime } from "../kit/inTime.ts"
import { promiseDrivers } from "../kit/promiseDrivers.ts"
import { scripted } from "../kit/scriptedClient.ts"
import { recordLogs } from "../kit/telemetry.ts"

class Down extends Data.TaggedError("Down") {}
class Gone extends Error {}

const options = {
  on: ["Other", Gone, { Else: true }],
  name: "fetch",
  hooks: [],
  waitInitial: 0,
  waitMax: 0,
  waitJitter: 0
}
const named = { ...options, on: "Down" } as const

const withOnRecord = { ...options, on: { Other: true, Else: "1 second" } }

/** The blocks of schedules have no log. */
const loops = [...drivers.filter(({ name }) => !name.startsWith("the blocks")), ...promiseDrivers, durable]

/** The lines of an effect, as `[level, message, annotations]`. */
const logged = <E>(self: Effect.Effect<unknown, E>) => {
  const { lines, provide } = recordLogs()
  return Effect.map(
    inTime(provide(Effect.exit(self))),
    (exit) => ({ exit, lines: lines.map(({ annotations, level, message }) => [level, message, annotations]) })
  )
}

const why = (why: string, rest: object = {}) => [
  ["Debug", "stamina.not_retried", { callable: "fetch", why, caused_by: "Down", ...rest }]
]

describe.each(loops.map((driver): [string, Driver] => [driver.name, driver]))(
  "a first failure of %s",
  (name, driver) => {
    const runs = (
      options: object,
      attempt: Effect.Effect<string, unknown> = new Down(),
      around: (self: Effect.Effect<string, unknown>) => Effect.Effect<string, unknown> = (self) => self
    ) => logged(around(driver.build(options as never, () => attempt)))
    const isDurable = name === durable.name

    it.effect("that `on` does not name says so, with what it names", () =>
      Effect.gen(function*() {
        expect((yield* runs({ ...options, on: ["Other", Gone, () => false] })).lines)
          .toEqual(why("not named", { named: "Other, Gone, a function" }))
        expect((yield* runs(withOnRecord)).lines).toEqual(why("not named", { named: "Other, Else" }))
        expect((yield* runs({ ...options, on: "Other" })).lines).toEqual(why("not named", { named: "Other" }))
      }))

    it.effect("says that retries are off, that a test allows one attempt, or which limit was reached", () =>
      Effect.gen(function*() {
        expect((yield* Effect.provide(runs(named), Stamina.layerInactive)).lines).toEqual(why("inactive"))
        expect((yield* Effect.provide(runs(named), Stamina.layerTesting())).lines).toEqual(why("testing: 1 attempt"))
        expect((yield* runs({ ...named, attempts: 1 })).lines).toEqual(why("attempts exhausted"))
        const waiting = { ...named, waitInitial: "10 seconds", waitMax: "10 seconds" }
        const refusing = { ...waiting, timeout: "9 seconds", overshoot: "refuse" }
        expect((yield* runs(refusing)).lines).toEqual(why("wait exceeds timeout"))
        // a durable run outlives deadlines, and has a clock of its own
        if (isDurable) return
        const slow = Effect.delay(new Down(), "9 seconds")
        expect((yield* runs({ ...named, timeout: "9 seconds" }, slow)).lines).toEqual(why("timeout reached"))
        const { lines } = yield* runs(waiting, new Down(), Stamina.withDeadline("9 seconds"))
        expect(lines).toEqual(why("wait exceeds deadline"))
      }))

    it.effect("says that it was a defect, or that somebody else was interrupted", () =>
      Effect.gen(function*() {
        // a schedule is not asked about either, and a promise knows only rejections
        if (!name.startsWith("Stamina.")) return
        expect((yield* runs(named, Effect.die(new Gone()))).lines).toMatchObject(why("defect", { caused_by: "Gone" }))
        expect((yield* runs(named, Effect.interrupt)).lines)
          .toEqual([["Debug", "stamina.not_retried", { callable: "fetch", why: "interruption" }]])
      }))

    it.effect("says that the budget is empty", () =>
      Effect.gen(function*() {
        if (name.startsWith("Effect.retry")) return
        const budget = RetryBudget.makeUnsafe({ capacity: 1, whenEmpty: "refuse" })
        yield* runs({ ...named, budget, attempts: 2 })
        const { lines } = yield* runs({ ...named, budget, attempts: 2 })
        expect(lines.filter(([, message]) => message === "stamina.not_retried")).toEqual(why("budget exhausted"))
      }))

    it.effect("says nothing where it is retried, where it is the second, or where nobody listens at debug level", () =>
      Effect.gen(function*() {
        let calls = 0
        const changing = Effect.suspend(() => Effect.fail(++calls === 1 ? new Down() : { _tag: "Other" }))
        expect((yield* runs(named, changing)).lines).toEqual([])
        expect(calls).toBe(2)
      }))
  }
)

describe("a request that is not retried", () => {
  const plain = { name: "fetch", hooks: [], attempts: 3, waitJitter: 0, waitInitial: 10 } as const
  const url = "http://localhost:8080/"

  it.effect("is told of once, with the reason of the request where it has one", () =>
    Effect.gen(function*() {
      const { client } = scripted("fault")
      const post = yield* logged(HttpRetry.retry(client, plain).execute(HttpClientRequest.post(url)))
      expect(post.lines).toEqual([["Debug", "stamina.not_retried", {
        callable: "fetch",
        why: "POST is not idempotent, and there is no Idempotency-Key"
      }]])
      const inactive = yield* Effect.provide(
        logged(HttpRetry.retry(client, plain).get(url)),
        Stamina.layerInactive
      )
      expect(inactive.lines).toMatchObject(why("inactive", { caused_by: "HttpClientError.TransportError" }))
    }))

  it.effect("is told of where a response is to be retried and a limit forbids it", () =>
    Effect.gen(function*() {
      const { client } = scripted({ status: 503, headers: { "retry-after": "7200" } })
      const { lines } = yield* logged(HttpRetry.retry(client, plain).get(url))
      expect(lines).toMatchObject(why("hint too long", { caused_by: "HttpClientError.StatusCodeError.503" }))
    }))

  it.effect("is told of where its error is none that is retried", () =>
    Effect.gen(function*() {
      const { client } = scripted("fault")
      const { lines } = yield* logged(HttpRetry.retry(client, { ...plain, classify: () => false }).get(url))
      expect(lines).toEqual(why("not named", { caused_by: "HttpClientError.TransportError" }))
    }))
})

it.effect("a transaction says why, and only once where its COMMIT got no answer", () =>
  Effect.gen(function*() {
    const lost = new SqlError.SqlError({
      reason: new SqlError.ConnectionError({ cause: Object.assign(new Error(), { code: "ECONNRESET" }) })
    })
    const broken = new SqlError.SqlError({ reason: new SqlError.SqlSyntaxError({ cause: undefined }) })
    const run = (database: FakeDatabase) =>
      logged(
        Effect.provide(
          SqlRetry.transaction(Effect.flatMap(database.client, (sql) => sql`WORK`), {
            name: "fetch",
            hooks: []
          }),
          database.layer
        )
      )
    const commit = yield* run(new FakeDatabase({ to: "COMMIT", error: lost, closes: true }))
    expect(commit.lines).toEqual([["Warn", "stamina.commit_unknown", { callable: "fetch" }]])
    const syntax = yield* run(new FakeDatabase({ to: "WORK", error: broken }))
    expect(syntax.lines).toMatchObject(why("not named", { caused_by: "SqlError.SqlSyntaxError" }))
    expect(Exit.isFailure(syntax.exit)).toBe(true)
  }))

describe("limits that exclude each other", () => {
  const hangs = Effect.delay(new Down(), "1 hour")

  it.effect("are told of once for each retry, where one is a default, and again where they decide", () =>
    Effect.gen(function*() {
      const retry = Stamina.retry({ ...named, on: ["Down", "AttemptTimedOut"], attemptTimeout: "1 minute" })
      const limits = "attemptTimeout of 60s >= timeout of 45s"
      const { lines } = yield* logged(Effect.andThen(Effect.exit(retry(hangs)), retry(new Down())))
      expect(lines).toEqual([
        ["Debug", "stamina.limits_conflict", { callable: "fetch", why: limits }],
        ["Debug", "stamina.not_retried", { callable: "fetch", why: `limits: ${limits}`, caused_by: "AttemptTimedOut" }]
      ])
    }))

  it.effect("are told of where the timeout is that of a layer, and not where the layer makes room", () =>
    Effect.gen(function*() {
      const build = () => Stamina.retry(new Down(), { ...named, attempts: 2, attemptTimeout: "10 seconds" })
      const short = yield* Effect.provide(logged(build()), Stamina.layerDefaults({ timeout: "5 seconds" }))
      expect(short.lines).toEqual([["Debug", "stamina.limits_conflict", {
        callable: "fetch",
        why: "attemptTimeout of 10s >= timeout of 5s"
      }]])
      expect((yield* logged(build())).lines).toEqual([])
    }))

  it.effect("are told of for streams, requests, transactions, promises and durable runs", () =>
    Effect.gen(function*() {
      const told = { callable: "fetch", why: "attemptTimeout of 60s >= timeout of 45s" }
      const limits = {
        name: "fetch",
        hooks: [],
        waitInitial: 0,
        waitJitter: 0,
        attempts: 2,
        attemptTimeout: "1 minute"
      } as const
      const first = <E>(self: Effect.Effect<unknown, E>) => Effect.map(logged(self), ({ lines }) => lines[0])
      const expected = ["Debug", "stamina.limits_conflict", told]
      for (const driver of [...promiseDrivers, durable]) {
        expect(
          yield* first( // its options have no `attemptTimeout`, which changes the type of the error
            driver.build({ ...limits, on: "Down" } as never, () => new Down())
          )
        ).toEqual(expected)
      }
      expect(yield* first(HttpRetry.retry(scripted({ status: 503 }).client, limits).get("http://localhost/")))
        .toEqual(expected)
      const error = new SqlError.SqlError({ reason: new SqlError.DeadlockError({ cause: undefined }) })
      const database = new FakeDatabase({ to: "WORK", error })
      const work = Effect.flatMap(database.client, (sql) => sql`WORK`)
      expect(yield* first(Effect.provide(SqlRetry.transaction(work, limits), database.layer))).toEqual(expected)
      const stream = Stamina.retryStream(Stream.fail(new Down()), { ...named, attempts: 2, timeout: "4 seconds" })
      expect(yield* first(Stream.runDrain(stream)))
        .toEqual(["Debug", "stamina.limits_conflict", { callable: "fetch", why: "resetAfter of 5s >= timeout of 4s" }])
    }))
})
