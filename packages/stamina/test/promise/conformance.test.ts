import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as arbitraries from "../kit/arbitraries.ts"
import { cases, hasInvalidOptions, invalidTesting, optionsOf, replay, replayLater, runs } from "../kit/conformance.ts"
import { drivers } from "../kit/drivers.ts"
import { expectClose, expectConforms, expectSame } from "../kit/expectations.ts"
import { promiseDrivers } from "../kit/promiseDrivers.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const combinator = drivers.find(({ name }) => name === "Stamina.retry")!

describe.each(promiseDrivers)("conformance with stamina 26.1.0: $name", (driver) => {
  it.each(cases)("$id $note", async (c) => {
    if (hasInvalidOptions(c)) {
      const build = () =>
        driver.build(optionsOf(c, new VirtualTime(c.random)), () => {
          throw new Error("never called")
        })
      expect(build).toThrow(RangeError)
    } else if (runs(c)) {
      expectConforms(c, driver, await replayLater(c, driver))
    } else {
      // what has to be refused stands around the retry
      expect(invalidTesting(c).length).toBeGreaterThan(0)
    }
  })
})

const options = { arbitrary: { runs: Number(process.env["PROPERTY_RUNS"] ?? 300) }, timeout: 60_000 }

describe("a retry of promises decides as `Stamina.retry` does", () => {
  it.live.prop(
    "waits, times, details, and how many random numbers are drawn",
    [arbitraries.runs],
    ([c]) =>
      Effect.promise(async () => {
        const { seen } = replay(c, combinator)
        for (const driver of promiseDrivers) {
          const later = await replayLater(c, driver)
          expectSame(later.seen, seen)
          expect(later.sameErrors).toBe(true)
        }
      }),
    options
  )

  it.live.prop(
    "also where each wait follows the one before",
    [arbitraries.decorrelatedRuns],
    ([c]) =>
      Effect.promise(async () => {
        const { seen } = replay(c, combinator)
        for (const driver of promiseDrivers) expectSame((await replayLater(c, driver)).seen, seen)
      }),
    options
  )

  it.live.prop(
    "and what an attempt is told of the wait after it",
    [arbitraries.runs],
    ([c]) =>
      Effect.promise(async () => {
        const [known, promised] = [drivers, promiseDrivers].map((all) => all.find(({ knowsAttempt }) => knowsAttempt)!)
        expectClose((await replayLater(c, promised!)).nextWaits, replay(c, known!).nextWaits)
      }),
    options
  )
})
