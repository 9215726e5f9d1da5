import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Option, Result } from "effect"
import { RetryOn, Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { drivers } from "../kit/drivers.ts"
import { FakeDatabase } from "../kit/fakeDatabase.ts"
import { inTime } from "../kit/inTime.ts"
import { recordLogs } from "../kit/telemetry.ts"

class Flaky extends Data.TaggedError("Flaky")<{ readonly header?: string }> {}

const answers = [undefined, null, NaN, Infinity, "soon", {}, [], Symbol("later"), new Promise(() => {})]

/** What comes out of a run that fails once, and the lines of its log. */
const outcome = <E>(self: Effect.Effect<unknown, E>) =>
  Effect.gen(function*() {
    const { lines, provide } = recordLogs()
    const exit = yield* inTime(Effect.exit(self)).pipe(provide)
    const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
    const [reason] = reasons
    return {
      reasons,
      defect: reason?._tag === "Die" ? reason.defect : undefined,
      lines: lines.filter(({ message }) => message === "stamina.mistake")
    }
  })

describe.each(drivers)("a mistake in `on`, in $name,", ({ build, name: driver }) => {
  const error = new Flaky({})
  const failing = (on: unknown, more = {}) => build({ on, ...more }, () => Effect.fail(error))

  it.effect("that throws is a defect alone, which leads to the error", () =>
    Effect.gen(function*() {
      const bug = new TypeError("a secret")
      const throws = () => {
        throw bug
      }
      for (const on of [throws, ["Other", throws], { Flaky: throws }, RetryOn.make(throws)]) {
        const { defect, lines, reasons } = yield* outcome(failing(on))
        expect(reasons).toHaveLength(1)
        expect(defect).toBe(bug)
        expect(bug.cause).toBe(error)
        expect(lines).toMatchObject([{ level: "Error", annotations: { caused_by: "Flaky" } }])
        expect(lines[0]?.annotations["summary"]).toMatch(/: on threw TypeError$/)
        expect(JSON.stringify(lines)).not.toContain("secret")
      }
    }))

  it.effect.each(answers)(
    "that answers nonsense (%s) is a RangeError alone, and one line says what `on` answered",
    (answer) =>
      Effect.gen(function*() {
        const { defect, lines, reasons } = yield* outcome(failing(() => answer))
        expect(reasons).toHaveLength(1)
        expect(defect).toBeInstanceOf(RangeError)
        expect(defect).toMatchObject({ cause: error })
        const message = (defect as RangeError).message
        expect(message).toContain(": on must answer true, false or a finite duration, got ")
        expect(lines).toMatchObject([{ level: "Error", annotations: { caused_by: "Flaky", summary: message } }])
      })
  )

  it.effect("is handled by no handler of the error", () =>
    Effect.gen(function*() {
      const bad = failing(() => NaN)
      for (
        const handled of [
          Effect.ignore(bad),
          bad.pipe(Effect.catch(Effect.succeed)),
          Effect.catchTag(bad, "Flaky", () => Effect.void)
        ]
      ) {
        const { reasons } = yield* outcome(handled)
        expect(reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
      }
    }))

  it.effect("keeps a cause that it brings, and what can hold none as it is", () =>
    Effect.gen(function*() {
      const own = new Error("own", { cause: "another" })
      const frozen = Object.freeze(new Error("frozen"))
      for (const thrown of [own, frozen, error, "text", undefined]) {
        const { defect, reasons } = yield* outcome(failing(() => {
          // oxlint-disable-next-line typescript/only-throw-error -- a mistake may throw anything
          throw thrown
        }))
        expect(reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
        expect(defect).toBe(thrown)
      }
      expect(own.cause).toBe("another")
      expect(error.cause).toBeUndefined()
    }))

  it.effect("is not made where retries are switched off", () =>
    Effect.gen(function*() {
      const { lines, reasons } = yield* outcome(Effect.provide(failing(() => NaN), Stamina.layerInactive))
      expect(reasons).toMatchObject([{ _tag: "Fail", error }])
      expect(lines).toEqual([])
    }))

  it.effect("that comes after a retry leads to the run, as its error does", () =>
    Effect.gen(function*() {
      // the blocks have no run to speak of
      if (driver.startsWith("the blocks")) return
      let asked = 0
      const { defect } = yield* outcome(failing(() => ++asked < 3 || NaN, { waitInitial: 0, waitJitter: 0 }))
      for (const one of [defect, error]) {
        const report = Option.getOrThrow(Stamina.report(one))
        expect([report.attempts, report.history.map((attempt) => attempt.error)]).toEqual([3, [error, error, error]])
      }
    }))
})

describe("a mistake in `on`", () => {
  it.effect("of a transaction is a defect alone, and the transaction is rolled back", () =>
    Effect.gen(function*() {
      const database = new FakeDatabase()
      const error = new Flaky({})
      const self = SqlRetry.transaction(Effect.fail(error), { on: () => NaN, name: "pay" })
      const { defect, lines, reasons } = yield* outcome(Effect.provide(self, database.layer))
      expect([reasons.length, (defect as RangeError).cause]).toEqual([1, error])
      expect(lines).toMatchObject([{ level: "Error", annotations: { callable: "pay" } }])
      expect(database.sent.at(-1)).toContain("ROLLBACK")
    }))

  it.effect("of a promise rejects it, and is logged", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const error = new Flaky({})
      const rejected = yield* Effect.flatMap(Effect.context(), (context) =>
        Effect.promise(() =>
          RetryPromise.fromContext(context).retry(() =>
            Promise.reject(error), { on: () => NaN, name: "fetch" }).then(
              () => undefined,
              (error: unknown) => error
            )
        )).pipe(provide)
      expect(rejected).toMatchObject({ cause: error, message: expect.stringContaining("got NaN") })
      expect(lines).toMatchObject([{ level: "Error", message: "stamina.mistake", annotations: { callable: "fetch" } }])
    }))

  it.effect("is not logged more often than other lines are", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const bad = Stamina.retry(Effect.fail(new Flaky({})), { on: () => NaN, name: "busy" })
      yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.exit(bad)).pipe(provide)
      expect(lines).toHaveLength(10)
    }))

  it.effect("about several failures leads to the one that it was made about", () =>
    Effect.gen(function*() {
      const errors = [new Flaky({ header: "7" }), new Flaky({})]
      const both = Effect.failCause(Cause.fromReasons(errors.map(Cause.makeFailReason)))
      const { defect, reasons } = yield* outcome(Stamina.retry(both, { on: ({ header }) => Number(header) }))
      expect(reasons).toHaveLength(1)
      expect((defect as RangeError).cause).toBe(errors[1])
    }))

  it("leaves its error to who asks a judge by hand", () => {
    const judge = RetryOn.make(() => NaN)
    const asked = Result.try({ try: () => judge(new Flaky({})), catch: (error) => error })
    expect(Result.isFailure(asked) && asked.failure).toBeInstanceOf(RangeError)
  })
})
