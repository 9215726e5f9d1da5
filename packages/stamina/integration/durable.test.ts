/**
 * Durable retries on the cluster's engine and a real PostgreSQL, in processes that are killed at random moments until the
 * workflow has ended. What they said and what the engine has recorded must be one story.
 *
 * `DURABLE_RUNS=12` makes as many runs, in place of one of each kind.
 */
import { afterAll, beforeAll, expect, it } from "vitest"
import { type Event, heardOf, type Kind } from "./kit/durable.ts"
import { isLost } from "./kit/durableLaws.ts"
import { type Life, openRun, type Run, stopRuns } from "./kit/durableRuns.ts"
import { type Server, startServer } from "./kit/postgres.ts"
import { sleep } from "./kit/programs.ts"

let server: Server

beforeAll(async () => {
  server = await startServer({ synchronous_commit: "on" })
}, 60_000)

afterAll(async () => {
  await stopRuns()
  await server?.stop()
}, 60_000)

const base = { attempts: 8, timeout: 600_000, waitInitial: 300, waitMax: 1200, waitJitter: 300 }
const work = { failures: 7, takes: 60 }
/** The clock of the engine is as exact as it is often looked at. */
const oftener = { entityMessagePollInterval: 500 }

const kinds: Readonly<Record<string, Kind>> = {
  "waits in memory": { ...work, options: base },
  "waits by the engine's clock": { ...work, options: { ...base, holdWaitsUpTo: 0 }, sharding: oftener },
  "lost attempts count": { takes: 250, failures: 5, options: { ...base, attempts: 30, lostAttempts: "count" } },
  "attempts exhausted": { ...work, failures: 100, options: base },
  "timeout reached": { ...work, failures: 1000, options: { ...base, attempts: 1000, timeout: 9000 } }
}

/** Where the process is killed, by turns: at random up to so many milliseconds after it has said this. */
const momentsOf = ({ takes }: Kind) => [["begins", takes + 20], ["told", 200], ["ready", 1500]] as const

/** How often a process is killed in a run, at most. */
const most = process.env["DURABLE_RUNS"] === undefined ? 6 : 14

/** Kills processes until the workflow has ended, and says how often and when. */
const chaos = async (run: Run): Promise<ReadonlyArray<string>> => {
  const kills: Array<string> = []
  while (run.end === undefined && kills.length < most) {
    const life = run.start()
    const moments = momentsOf(run.job)
    const [moment, most] = moments[kills.length % moments.length] ?? moments[0]
    const after = Math.random() * most
    if (await isKilled(run, life, moment, after)) kills.push(`${after.toFixed(0)} ms after "${moment}"`)
  }
  if (run.end === undefined) await run.finish()
  return kills
}

const isKilled = async (run: Run, life: Life, moment: Event["event"], after: number): Promise<boolean> => {
  const said = await run.heard(({ event }) => event === moment || event === "ended", life)
  if (said.event !== "ended") {
    await Promise.race([sleep(after), life.ended])
    await life.kill("SIGKILL")
  }
  await life.ended
  return run.end === undefined
}

/** As `Promise.all`, two at a time. */
const byTwo = async <A, B>(all: ReadonlyArray<A>, each: (one: A) => Promise<B>): Promise<ReadonlyArray<B>> => {
  const results: Array<B> = []
  const left = [...all.entries()]
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) results[one[0]] = await each(one[1])
  }
  await Promise.all([next(), next()])
  return results
}

const count = Number(process.env["DURABLE_RUNS"] ?? Object.keys(kinds).length)

it(
  "an activity is retried as if its process had not been killed, at whichever moment it was",
  { timeout: 240_000 * count },
  async ({ annotate }) => {
    const all = Array.from({ length: count }, (_, i) => Object.entries(kinds)[i % Object.keys(kinds).length]!)
    const outcomes = await byTwo(all, async ([kind, job]) => {
      const run = await openRun(server.port, job)
      const kills = await chaos(run)
      const together = run.overlaps().map(({ attempts, millis }) =>
        `attempts ${attempts.join(" and ")} made at once for ${millis} ms`
      )
      const wrong = [...await run.violations(), ...together]
      const attempts = heardOf(run.events, "begins").map(({ attempt }) => attempt)
      const story = `${kind}, killed ${kills.join(", ")}, attempts ${attempts.join(" ")}`
      return { kills: kills.length, run, records: await run.records(), wrong: wrong.map((what) => `${what}: ${story}`) }
    })
    expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([])

    const sum = (of: (outcome: typeof outcomes[number]) => number) => outcomes.reduce((sum, one) => sum + of(one), 0)
    const kills = sum((one) => one.kills)
    const made = sum(({ run }) => heardOf(run.events, "begins").length)
    const recorded = sum(({ records }) => records.attempts.size)
    const lost = sum(({ records }) => [...records.attempts.values()].filter(isLost).length)
    const heard = sum(({ run }) => heardOf(run.events, "told").length)
    await annotate(
      `durable: ${kills} kills over ${count} runs; ${made} attempts made, ${recorded} recorded, ${lost} of them lost; `
        + `hooks heard ${heard} times`,
      "note"
    )
    expect(kills).toBeGreaterThanOrEqual(4 * count)
  }
)
