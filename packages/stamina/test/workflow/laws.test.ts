import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as arbitraries from "../kit/arbitraries.ts"
import { type Case, replay, replayLater, type Seen } from "../kit/conformance.ts"
import { drivers } from "../kit/drivers.ts"
import { driver } from "../kit/durable.ts"
import { expectSame } from "../kit/expectations.ts"

const combinator = drivers[1]!
// fewer than of other drivers: each run is a workflow of its own
const runs = { arbitrary: { runs: Number(process.env["PROPERTY_RUNS"] ?? 100) } }

/** A durable run does not sleep for no time. */
const slept = (seen: Seen): Seen => ({ ...seen, waits: seen.waits.filter((wait) => wait > 0) })

const expectSameRun = (c: Case) =>
  Effect.map(
    Effect.promise(() => replayLater(c, driver)),
    ({ seen }) => expectSame(slept(seen), slept(replay(c, combinator).seen))
  )

describe("a durable run", () => {
  it.effect.prop(
    "decides as `Stamina.retry` does: waits, times, details and numbers drawn",
    [arbitraries.runs],
    ([c]) => expectSameRun(c),
    runs
  )

  it.effect.prop(
    "knows which wait came before, also where it was asked for",
    [arbitraries.decorrelatedRuns],
    ([c]) => expectSameRun(c),
    runs
  )
})
