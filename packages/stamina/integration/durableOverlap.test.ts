/**
 * A shard that moves while its process lives on: the engine lets two processes make the same attempt at once. What is recorded
 * is one story all the same, and the process that has lost the shard can interrupt its attempt when it notices.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Event, heardOf, type Kind } from "./kit/durable.ts"
import { type Life, openRun, type Run, stopRuns } from "./kit/durableRuns.ts"
import { type Server, startServer } from "./kit/postgres.ts"
import { freePort, sleep } from "./kit/programs.ts"

let server: Server

beforeAll(async () => {
  server = await startServer({ synchronous_commit: "on", max_connections: "200" })
}, 60_000)

afterAll(async () => {
  await stopRuns()
  await server?.stop()
}, 60_000)

const kind: Kind = {
  failures: 1,
  takes: 60_000,
  options: { attempts: 9, timeout: 600_000, waitInitial: 100, waitMax: 100, waitJitter: 0 },
  sharding: {
    entityMessagePollInterval: 500,
    shardLockExpiration: 3000,
    shardLockRefreshInterval: 1000,
    refreshAssignmentsInterval: 1000,
    runnerHealthCheckInterval: 1000,
    entityTerminationTimeout: 10_000
  }
}

const begins = ({ event }: Event) => event === "begins"

/** Two processes, the one that makes the attempt stopped in its midst until the other makes it too. */
const paused = async (run: Run): Promise<Life> => {
  const lives = [run.start({ runner: await freePort() }), run.start({ runner: await freePort() })]
  await Promise.all(lives.map((life) => run.heard(({ event }) => event === "ready", life)))
  const [owner, other] = await Promise.any(lives.map(async (life, i) => {
    await run.heard(begins, life)
    return [life, lives[1 - i]!] as const
  }))
  signal(owner, "SIGSTOP")
  await run.heard(begins, other)
  signal(owner, "SIGCONT")
  return owner
}

/** As `kill`, but it does not end the process. */
const signal = ({ events }: Life, name: "SIGCONT" | "SIGSTOP"): void => {
  for (const { pid } of events.slice(0, 1)) process.kill(pid, name)
}

const longest = (run: Run) => Math.max(...run.overlaps().map(({ millis }) => millis))

describe.concurrent("a process that was stopped for longer than its lock", () => {
  it(
    "interrupts its attempt `entityTerminationTimeout` after it notices",
    { timeout: 300_000 },
    async ({ annotate }) => {
      const sharding = { ...kind.sharding, entityTerminationTimeout: 500 }
      const run = await openRun(server.port, { ...kind, sharding })
      const owner = await paused(run)
      const ended = await run.heard(({ event }) => event === "ends", owner)
      expect(ended).toMatchObject({ event: "ends", attempt: 1, how: "interrupted" })
      expect(run.overlaps().length).toBeGreaterThan(0)
      await annotate(`durable: an attempt was made in two processes at once for ${longest(run)} ms`, "note")
    }
  )

  it.for(["repeat", "count"] as const)(
    "makes its attempt to the end before that, and leaves no record of it: %s",
    { timeout: 300_000 },
    async (lostAttempts, { annotate }) => {
      const run = await openRun(server.port, { ...kind, takes: 6000, options: { ...kind.options, lostAttempts } })
      const owner = await paused(run)
      await run.heard(({ event }) => event === "ended", owner)
      expect(await run.violations({ outages: true })).toEqual([])
      expect(run.overlaps().length).toBeGreaterThan(0)
      await annotate(`durable: with "${lostAttempts}", attempts were made at once for ${longest(run)} ms`, "note")
    }
  )
})

describe.concurrent("two processes that are killed at random moments", () => {
  const most = process.env["DURABLE_RUNS"] === undefined ? 6 : 14

  it("record one story, however often they made an attempt at once", { timeout: 600_000 }, async ({ annotate }) => {
    const sharding = { ...kind.sharding, entityTerminationTimeout: 1000 }
    const run = await openRun(server.port, { ...kind, takes: 1500, failures: 7, sharding })
    let kills = 0
    const live = async (): Promise<void> => {
      while (run.end === undefined) {
        const life = run.start({ runner: await freePort() })
        await run.heard(({ event }) => event === "ready" || event === "ended", life)
        await Promise.race([life.ended, kills < most ? sleep(500 + Math.random() * 6000) : life.ended])
        if (run.end === undefined) kills++
        if (run.end === undefined) await life.kill("SIGKILL")
        await life.ended
      }
    }
    await Promise.all([live(), live()])

    expect(await run.violations({ outages: true })).toEqual([])
    const [made, overlaps] = [heardOf(run.events, "begins").length, run.overlaps()]
    await annotate(
      `durable: two runners, ${kills} kills, ${made} attempts made, ${overlaps.length} beside another`
        + (overlaps.length === 0 ? "" : `, for up to ${longest(run)} ms`),
      "note"
    )
  })
})
