/**
 * Durable retries whose PostgreSQL crashes and recovers, while their process lives on.
 */
import { afterAll, describe, expect, it } from "vitest"
import { type Event, heardOf, type Kind } from "./kit/durable.ts"
import { openRun, stopRuns } from "./kit/durableRuns.ts"
import { type Server, startServer } from "./kit/postgres.ts"
import { sleep } from "./kit/programs.ts"

const servers: Array<Server> = []

afterAll(async () => {
  await stopRuns()
  await Promise.all(servers.map((server) => server.stop()))
}, 60_000)

const options = { attempts: 5, timeout: 600_000, waitInitial: 1500, waitMax: 1500, waitJitter: 0 }
/** With the defaults, the engine is back after twenty to thirty seconds. */
const soon = {
  entityMessagePollInterval: 500,
  shardLockExpiration: 3000,
  shardLockRefreshInterval: 1000,
  refreshAssignmentsInterval: 1000,
  entityTerminationTimeout: 2000
}
const kind: Kind = { failures: 2, takes: 1000, options, sharding: soon }
const counting: Kind = { ...kind, options: { ...options, lostAttempts: "count" } }

const byClock: Kind = { ...kind, options: { ...options, holdWaitsUpTo: 0 } }
const beside: Kind = { ...byClock, beside: 2500 }

const begins = (attempt: number) => (event: Event) => event.event === "begins" && event.attempt === attempt
const told = (attempt: number) => (event: Event) => event.event === "told" && event.attempt === attempt

describe("PostgreSQL crashes and comes back, and the run goes on where it was", () => {
  it.concurrent.each([
    { when: "in a wait, for a moment", kind, is: told(1), down: 300 },
    { when: "from a wait into the next attempt", kind, is: told(1), down: 3000 },
    { when: "in an attempt, for a moment", kind, is: begins(2), down: 300 },
    { when: "from an attempt into the next wait", kind, is: begins(2), down: 2500 },
    { when: "from an attempt into the next wait, where lost ones count", kind: counting, is: begins(2), down: 2500 },
    { when: "from a wait by the engine's clock into the next attempt", kind: byClock, is: told(1), down: 3000 },
    { when: "in a wait beside another activity", kind: beside, is: told(1), down: 2000 }
  ])("$when", { timeout: 300_000 }, async ({ down, is, kind }) => {
    // what was committed has to outlive the crash
    const server = await startServer({ synchronous_commit: "on" })
    servers.push(server)
    const run = await openRun(server.port, kind)
    const life = run.start()
    await run.heard(is, life)
    await sleep(200)
    await server.crash()
    await sleep(down)
    await server.begin()
    await life.ended
    if (run.end === undefined) await run.finish()

    expect(await run.violations({ outages: true })).toEqual([])
    expect(run.end).toBe("attempt 3")
    // hooks never heard of a failure that was none
    const wrong = heardOf(run.events, "told").filter(({ error }) => error !== undefined && error !== "Down")
    expect(wrong.map(({ error }) => error)).toEqual(kind === counting ? ["AttemptLost"] : [])
  })
})
