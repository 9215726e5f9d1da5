/**
 * A durable retry beside another activity of its workflow, on PostgreSQL: waits by the engine's clock interrupt nothing, and
 * survive the process.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { heardOf, type Kind } from "./kit/durable.ts"
import { type Life, openRun, type Run, stopRuns } from "./kit/durableRuns.ts"
import { type Server, startServer } from "./kit/postgres.ts"
import { freePort } from "./kit/programs.ts"

let server: Server

beforeAll(async () => {
  server = await startServer({ synchronous_commit: "on", max_connections: "200" })
}, 60_000)

afterAll(async () => {
  await stopRuns()
  await server?.stop()
}, 60_000)

const kind: Kind = {
  failures: 4,
  takes: 50,
  beside: 4000,
  options: { attempts: 9, timeout: 600_000, waitInitial: 1200, waitMax: 1200, waitJitter: 0, holdWaitsUpTo: 0 },
  sharding: { entityMessagePollInterval: 500 }
}

const beside = ({ events }: Pick<Run, "events">) => heardOf(events, "beside").map(({ how }) => how)

describe.concurrent("waits by the engine's clock", () => {
  it("interrupt no activity beside them", { timeout: 300_000 }, async () => {
    const run = await openRun(server.port, kind)
    await run.finish()
    expect(await run.violations()).toEqual([])
    expect(run.end).toBe("attempt 5")
    expect(beside(run)).toEqual(["begins", "done"])
  })

  it("go on in another process, and interrupt nothing there", { timeout: 300_000 }, async () => {
    const sharding = {
      entityMessagePollInterval: 500,
      shardLockExpiration: 3000,
      shardLockRefreshInterval: 1000,
      refreshAssignmentsInterval: 1000,
      runnerHealthCheckInterval: 1000
    }
    const run = await openRun(server.port, { ...kind, beside: 6000, failures: 6, sharding })
    const lives = [run.start({ runner: await freePort() }), run.start({ runner: await freePort() })]
    const owner = await ownerOf(run, lives)
    await owner.kill("SIGKILL")
    const [other] = lives.filter((life) => life !== owner)
    await other?.ended

    expect(await run.violations()).toEqual([])
    expect(run.end).toBe("attempt 7")
    expect(beside({ events: [...other?.events ?? []] })).toEqual(["begins", "done"])
  })
})

/** The process that makes attempt 3, with a wait behind it. */
const ownerOf = (run: Run, lives: ReadonlyArray<Life>): Promise<Life> =>
  Promise.race(lives.map(async (life) => {
    await run.heard((event) => event.event === "begins" && event.attempt === 3, life).catch(() => new Promise(() => {}))
    return life
  }))
