/**
 * Shared budgets against a real Redis: the script beside its twin, a fleet of processes in an outage, and Redis killed in
 * the middle of it.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Effect, Logger, Random } from "effect"
import { type RetryBudget, Stamina } from "effect-stamina"
import * as SharedRetryBudget from "effect-stamina/SharedRetryBudget"
import { Redis } from "effect/persistence"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as bucket from "../src/persistence/bucket.ts"
import { type Command, script } from "../src/persistence/script.ts"
import { run, type Running, sleep, start } from "./kit/programs.ts"
import { type Server, startRedis } from "./kit/redis.ts"

let server: Server
const running: Array<Running> = []

beforeAll(async () => {
  server = await startRedis()
}, 30_000)

afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()))
  await server?.stop()
})

const withRedis = <A, E>(effect: Effect.Effect<A, E, Redis.Redis>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(
      effect,
      NodeRedis.layer({ socket: { host: "127.0.0.1", port: server.port }, disableOfflineQueue: true })
    )
  )

const cli = (...args: ReadonlyArray<string>): string => {
  const { output, status } = run("redis-cli", ["-p", String(server.port), ...args])
  if (status !== 0) throw new Error(output)
  return output.trim()
}

describe("the script", () => {
  const base: Omit<Command, "key"> = { add: 0, wanted: 0, capacity: 50_000, quiet: 0 }
  const evaluate = (command: Command) => Effect.flatMap(Redis.Redis, (redis) => redis.eval(script)(command))

  it(
    "gives the answers of the bucket in the process, in 20 000 steps at random",
    { timeout: 60_000 },
    () =>
      withRedis(
        Effect.gen(function*() {
          let different = 0
          for (let round = 0; round < 20; round++) {
            const local = bucket.make(1 + 4 * round, 0.2)
            const key = `twin-${round}`
            for (let i = 0; i < 1000; i++) {
              const step = yield* Random.nextIntBetween(0, 6)
              let granted = false
              if (step === 0) bucket.called(local)
              else if (step === 1) bucket.failed(local)
              else if (step === 2) bucket.putBack(local)
              else granted = bucket.take(local)
              const add = [local.refill, -local.refill, bucket.token][step] ?? 0
              const wanted = step > 2 ? 1 : 0
              const reply = yield* evaluate({ ...base, key, add, wanted, capacity: local.capacity })
              if (reply[0] !== Number(granted) || reply[1] !== local.units) different++
            }
          }
          expect(different).toBe(0)
        }).pipe(Random.withSeed("twins"))
      )
  )

  it("grants as many of the wanted as there are", () =>
    withRedis(Effect.gen(function*() {
      const command = { ...base, key: "some", capacity: 2500 }
      expect(yield* evaluate({ ...command, wanted: 9 })).toEqual([2, 500, 0])
      expect(yield* evaluate({ ...command, add: -2000, wanted: 1 })).toEqual([0, -1500, 0])
    })))

  it("stays exact in the largest bucket that there may be", () =>
    withRedis(Effect.gen(function*() {
      const command = { ...base, key: "large", capacity: 1e12 }
      expect(yield* evaluate({ ...command, wanted: 1 })).toEqual([1, 1e12 - 1000, 0])
      expect(yield* evaluate({ ...command, add: 1 })).toEqual([0, 1e12 - 999, 0])
      expect(cli("HGET", "large", "units")).toBe("999999999001")
    })))

  it("keeps a bucket for an hour after whatever was last done with it, or as long as a wait lasts", () =>
    withRedis(Effect.gen(function*() {
      const left = () => Number(cli("PTTL", "kept"))
      yield* evaluate({ ...base, key: "kept" })
      cli("PEXPIRE", "kept", "5000")
      expect(left()).toBeLessThanOrEqual(5000)
      yield* evaluate({ ...base, key: "kept", wanted: 1 })
      expect(left()).toBeGreaterThan(3_500_000)
      yield* evaluate({ ...base, key: "kept", quiet: 7_200_000 })
      expect(left()).toBeGreaterThan(7_100_000)
    })))

  it("measures waits with the clock of Redis, and keeps the longest", () =>
    withRedis(Effect.gen(function*() {
      const command = { ...base, key: "quiet" }
      expect((yield* evaluate({ ...command, quiet: 60_000 }))[2]).toBe(60_000)
      const [, , left] = yield* evaluate({ ...command, quiet: 1000 })
      expect(left).toBeGreaterThan(50_000)
      expect(left).toBeLessThanOrEqual(60_000)
      const [seconds = ""] = cli("TIME").split("\n")
      const until = Number(cli("HGET", "quiet", "quiet"))
      expect(Math.abs(until - Number(seconds) * 1000 - 60_000)).toBeLessThan(10_000)
    })))
})

/** A call that fails, is retried once if the budget lets it, and fails again. */
const failing = (budget: RetryBudget.RetryBudget) =>
  Effect.exit(
    Stamina.retry(Effect.fail("down"), {
      on: () => true,
      attempts: 2,
      waitInitial: 0,
      waitJitter: 0,
      hooks: [],
      budget
    })
  )

it("a process that is busy for longer than Redis may take does not lose it", () =>
  withRedis(Effect.scoped(Effect.gen(function*() {
    const budget = yield* SharedRetryBudget.make({ name: "busy", whenEmpty: "refuse" })
    const call = failing(budget)
    yield* call
    const asking = yield* Effect.forkChild(call, { startImmediately: true })
    yield* Effect.sync(() => {
      const end = performance.now() + 800
      while (performance.now() < end);
    })
    yield* Effect.sleep(200)
    asking.interruptUnsafe()
    expect(yield* budget.state).toMatchObject({ store: "shared", granted: 2, refused: 0 })
  }))))

it("a program starts where Redis is away, and shares as soon as Redis is there", { timeout: 30_000 }, async () => {
  await server.kill()
  const redis = SharedRetryBudget.layerInBackground(
    NodeRedis.layer({ socket: { host: "127.0.0.1", port: server.port }, disableOfflineQueue: true })
  )
  await Effect.runPromise(
    Effect.scoped(Effect.gen(function*() {
      const budget = yield* SharedRetryBudget.make({ name: "early", whenEmpty: "refuse" })
      const call = failing(budget)
      yield* call
      expect(yield* budget.state).toMatchObject({ store: "lost", granted: 1 })
      yield* Effect.promise(() => server.begin())
      yield* Effect.sleep(3000)
      yield* call
      expect(yield* budget.state).toMatchObject({ store: "shared", granted: 2 })
    })).pipe(Effect.provide(redis), Effect.provideService(Logger.CurrentLoggers, new Set()))
  )
})

describe("four processes with a hundred small instances, in a total outage", () => {
  const worker = fileURLToPath(new URL("kit/budgetWorker.ts", import.meta.url))

  interface Counts {
    readonly calls: number
    readonly attempts: number
    readonly slowest: number
  }

  it.each(["refuse", "wait"] as const)(
    "make 1.05 times the calls at most, also while Redis is killed and comes back, stopped, flushed or full, if retries %s",
    { timeout: 120_000 },
    async (whenEmpty) => {
      const fleet = Array.from(
        { length: 4 },
        () => start(process.execPath, [worker, String(server.port), "25", "5", whenEmpty])
      )
      running.push(...fleet)
      const latest = (): Counts => {
        const all = fleet.map((program) => {
          program.check()
          return JSON.parse(
            program.output().trim().split("\n").findLast((line) => line.startsWith("{")) ?? "{}"
          ) as Counts
        })
        const sum = (read: (one: Counts) => number) => all.reduce((total, one) => total + read(one), 0)
        return {
          calls: sum(({ calls }) => calls),
          attempts: sum(({ attempts }) => attempts),
          slowest: Math.max(...all.map(({ slowest }) => slowest))
        }
      }
      const commands = () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(cli("INFO", "commandstats"))?.[1] ?? 0)
      /** Attempts by calls in a time to come. */
      const amplification = async (millis: number) => {
        const before = latest()
        await sleep(millis)
        const after = latest()
        expect(after.calls - before.calls).toBeGreaterThan(millis / 1000 * 200)
        return (after.attempts - before.attempts) / (after.calls - before.calls)
      }

      await Promise.all(fleet.map((program) => program.printed(/"calls"/)))
      await sleep(4000)
      const sent = commands()
      const began = performance.now()
      const steady = await amplification(5000)
      const perSecond = (commands() - sent) / ((performance.now() - began) / 1000)

      // as soon as it has a connection, each instance has found Redis once
      const told = (line: string) =>
        fleet.map((program) =>
          program.output().split("\n").filter((one) => one === `stamina.budget_store_${line}`).length
        )
      // lines of a kind are limited, so their numbers may differ
      await expect.poll(() => told("back").map((lines) => lines > 0)).toEqual(told("lost").map((lines) => lines > 0))
      const lostBefore = told("lost")
      const backBefore = told("back")
      await server.kill()
      const away = await amplification(5000)
      await server.begin()
      await sleep(1000)
      const back = await amplification(5000)

      server.signal("SIGSTOP")
      const stopped = await amplification(3000)
      server.signal("SIGCONT")
      await sleep(1000)
      cli("FLUSHALL")
      const flushed = await amplification(3000)
      cli("CONFIG", "SET", "maxmemory", "1")
      const full = await amplification(3000)
      cli("CONFIG", "SET", "maxmemory", "0")

      const all = { steady, away, back, stopped, flushed, full }
      expect(Object.entries(all).filter(([, amplification]) => !(amplification <= 1.05))).toEqual([])
      // each instance asks ten times a second and tells ten times a second, at most
      expect(perSecond).toBeLessThanOrEqual(2000)
      // no call waited for Redis for longer than it may take, and for the waits between its attempts
      // a retry that waits for a token does so until the timeout
      expect(latest().slowest).toBeLessThan(whenEmpty === "wait" ? 4500 : 1500)
      // each process has noticed it, in as many lines as the limit lets through at a time
      for (const [after, before] of [[told("lost"), lostBefore], [told("back"), backBefore]] as const) {
        after.forEach((lines, i) => {
          expect(lines).toBeGreaterThan(before[i] ?? 0)
          expect(lines).toBeLessThanOrEqual((before[i] ?? 0) + 75)
        })
      }
    }
  )
})
