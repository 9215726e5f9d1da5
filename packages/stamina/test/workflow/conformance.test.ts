import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { cases, hasInvalidOptions, optionsOf, replayLater, runs } from "../kit/conformance.ts"
import { driver } from "../kit/durable.ts"
import { expectConforms } from "../kit/expectations.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

/** A durable run goes on at once where there is nothing to wait for. */
const slept = (waits: ReadonlyArray<number>) => waits.filter((wait) => wait > 0)

describe("a durable run conforms with stamina 26.1.0", () => {
  it.each(cases.filter(runs))("$id $note", async (c) => {
    const { seen, ...rest } = await replayLater(c, driver)
    expect(seen.draws).toBeLessThanOrEqual(seen.attempts)
    const expected = { ...c, expect: { ...c.expect, waits: slept(c.expect.waits) } }
    expectConforms(expected, driver, { ...rest, seen: { ...seen, waits: slept(seen.waits) } })
  })

  it.each(cases.filter(hasInvalidOptions))("$id $note", (c) => {
    expect(() => driver.build(optionsOf(c, new VirtualTime(c.random)), () => Effect.die("never called")))
      .toThrow(RangeError)
  })
})
