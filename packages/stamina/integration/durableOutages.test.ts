/**
 * Durable retries whose processes end at a chosen moment: killed, asked to end, or left without their PostgreSQL; and one of
 * two runners that dies.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Event, heardOf, type Kind } from "./kit/durable.ts"
import { type Life, openRun, type Run, stopRuns } from "./kit/durableRuns.ts"
import { type Server, startServer } from "./kit/postgres.ts"
import { freePort, sleep } from "./kit/programs.ts"

let server: Server

beforeAll(async () => {
  // what was committed has to outlive a crash of the server
  server = await startServer({ synchronous_commit: "on", max_connections: "200" })
}, 60_000)

afterAll(async () => {
  await stopRuns()
  await server?.stop()
}, 60_000)

const seconds = 1000
/** How late an attempt may be on a machine that has much to do. */
const late = 1.5 * seconds

/** One failure, and then a wait that is long enough to tell one from two. */
const kindOf = (wait: number, changes: Partial<Kind> = {}, options: Partial<Kind["options"]> = {}): Kind => ({
  failures: 1,
  takes: 50,
  ...changes,
  options: { attempts: 5, timeout: 600 * seconds, waitInitial: wait, waitMax: wait, waitJitter: 0, ...options }
})

/** The engine's clock is as exact as it is often looked at. */
const byClock = { sharding: { entityMessagePollInterval: 0.5 * seconds } }

/** Ends when a process has said this, a while ago. */
const after = async (run: Run, life: Life, millis: number, is: (event: Event) => boolean): Promise<Event> => {
  const event = await run.heard(is, life)
  await sleep(millis)
  return event
}

const told = (attempt: number) => (event: Event) => event.event === "told" && event.attempt === attempt
const begins = (attempt: number) => (event: Event) => event.event === "begins" && event.attempt === attempt
const ready = (event: Event) => event.event === "ready"

const made = (run: Run) => heardOf(run.events, "begins").map(({ attempt }) => attempt)

describe.concurrent("what is left of a wait is slept after a restart", () => {
  const wait = 4 * seconds
  it.each([
    { what: "of one in memory", down: 0, kind: kindOf(wait), precision: 0 },
    {
      what: "of one by the engine's clock",
      down: 0,
      kind: kindOf(wait, byClock, { holdWaitsUpTo: 0 }),
      precision: 500
    },
    { what: "and nothing where it is over by then", down: wait, kind: kindOf(wait), precision: 0 }
  ])("$what", { timeout: 60_000 }, async ({ down, kind, precision }) => {
    const run = await openRun(server.port, kind)
    const first = run.start()
    const { at } = await after(run, first, 2.5 * seconds, told(1))
    await first.kill("SIGKILL")
    await sleep(down)
    const second = run.start()
    await second.ended

    expect(await run.violations()).toEqual([])
    expect(made(run)).toEqual([1, 2])
    const [back, again] = await Promise.all([run.heard(ready, second), run.heard(begins(2), second)])
    expect(again.at).toBeLessThan(Math.max(at + wait, back.at) + precision + late)
  })
})

describe.concurrent("an attempt whose process is killed in its midst", () => {
  const takes = 1 * seconds

  it.each(
    [
      { fate: "is made again under its number", lost: "repeat", numbers: [1, 2, 2], heard: ["Down 1"] },
      {
        fate: "is not made again where it counts",
        lost: "count",
        numbers: [1, 2, 3],
        heard: ["Down 1", "AttemptLost 2"]
      }
    ] as const
  )("$fate", { timeout: 60_000 }, async ({ heard, lost, numbers }) => {
    const run = await openRun(server.port, kindOf(0.2 * seconds, { takes }, { lostAttempts: lost }))
    const first = run.start()
    await after(run, first, 300, begins(2))
    await first.kill("SIGKILL")
    await run.finish()

    expect(await run.violations()).toEqual([])
    expect(made(run)).toEqual(numbers)
    const failures = heardOf(run.events, "told").filter(({ error }) => error !== undefined)
    expect(failures.map(({ attempt, error }) => `${error} ${attempt}`)).toEqual(heard)
  })
})

describe.concurrent("a process that is asked to end", () => {
  const endsInTime = async (life: Life) => {
    const began = performance.now()
    await life.kill("SIGTERM")
    return performance.now() - began
  }

  it.each([
    { when: "a wait in memory", kind: kindOf(2 * seconds), is: told(1) },
    { when: "a wait by the engine's clock", kind: kindOf(4 * seconds, byClock, { holdWaitsUpTo: 0 }), is: told(1) },
    { when: "an attempt", kind: kindOf(1 * seconds, { takes: 1.5 * seconds }), is: begins(1) },
    {
      when: "an attempt that counts when it is lost",
      kind: kindOf(1 * seconds, { takes: 1.5 * seconds }, { lostAttempts: "count" }),
      is: begins(1)
    }
  ])("loses nothing and repeats nothing in the midst of $when", { timeout: 60_000 }, async ({ is, kind }) => {
    const run = await openRun(server.port, kind)
    const first = run.start()
    await after(run, first, 500, is)
    // the engine gives what is under way 15 seconds
    expect(await endsInTime(first)).toBeLessThan(15 * seconds)
    expect(run.end).toBeUndefined()
    await run.finish()

    expect(await run.violations()).toEqual([])
    expect(made(run)).toEqual([1, 2])
    expect(run.end).toBe("attempt 2")
  })
})

describe.concurrent("one of two runners dies", () => {
  const soon = {
    shardLockExpiration: 3 * seconds,
    shardLockRefreshInterval: 1 * seconds,
    refreshAssignmentsInterval: 1 * seconds,
    runnerHealthCheckInterval: 1 * seconds,
    // what a run in the midst of a wait in memory may hold up a shard that moves
    entityTerminationTimeout: 2 * seconds
  }

  it("and the other goes on at the right number", { timeout: 90_000 }, async ({ annotate }) => {
    const run = await openRun(
      server.port,
      kindOf(1 * seconds, { failures: 6, takes: 300, sharding: soon }, { attempts: 9 })
    )
    const lives = [run.start({ runner: await freePort() }), run.start({ runner: await freePort() })]
    await Promise.all(lives.map((life) => run.heard(ready, life)))
    const owner = await Promise.race(lives.map(async (life) => {
      await run.heard(begins(3), life).catch(() => new Promise(() => {}))
      return life
    }))
    const killed = Date.now()
    await owner.kill("SIGKILL")
    const other = lives.find((life) => life !== owner)
    await other?.ended

    expect(await run.violations()).toEqual([])
    expect(run.end).toBe("attempt 7")
    // before, it may have been the owner itself: shards move when a runner joins
    const first = heardOf(other?.events ?? [], "begins").find(({ at }) => at >= killed)
    expect(first?.attempt).toBe(3)
    await annotate(`durable: the other runner went on after ${((first?.at ?? NaN) - killed) / 1000} s`, "note")
  })
})
