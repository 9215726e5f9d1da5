/**
 * A server refuses connections, resets them, hangs, answers 503 and recovers; retries get through to it all the same.
 *
 * Prints a timeline of what really happened, checks that it went as told, and exits non-zero if it did not.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Duration, Effect, Exit, Schedule } from "effect"
import { RetryPolicy } from "effect-stamina"
import { type Call, calls, policy } from "./calls.ts"
import * as Client from "./client.ts"
import * as Server from "./server.ts"
import * as Timeline from "./timeline.ts"
import * as Verdict from "./verdict.ts"

const limit = "10 seconds"

const demo = Effect.gen(function*() {
  const server = yield* Server.make(Object.fromEntries(calls.map(({ moods, path }) => [path, moods])))
  const timeline = yield* Timeline.make
  const announced: Server.Server = { ...server, open: Effect.andThen(server.open, timeline.note("the server starts")) }

  yield* Console.log(
    `${Timeline.paint("bold", "A server that refuses, resets, hangs and answers 503, and calls that are retried")}
${RetryPolicy.describe(policy).replace("; ", ";\n")}
${Timeline.legend}`
  )

  const done = yield* Effect.forEach(calls, (call) => make(call, announced, timeline))
  yield* settled(server)

  const { checks, total } = yield* verdict(done, server, timeline)
  yield* Console.log(`\n${Timeline.paint("bold", "Did it go as told?")}`)
  for (const { got, passed, what } of checks) {
    yield* Console.log(
      passed ? `  ${Timeline.paint("green", "✓")} ${what}` : `  ${Timeline.paint("red", "✗")} ${what}, got`
    )
    if (!passed) yield* Console.log(got)
  }
  yield* Console.log(`\n${total}`)
  return checks.every(({ passed }) => passed)
})

/** Makes one call, and says what came of it. */
const make = Effect.fnUntraced(function*(call: Call, server: Server.Server, timeline: Timeline.Timeline) {
  const watch = yield* timeline.watch(call.title, `GET ${call.path}`, call.policy)
  const exit = yield* Effect.exit(call.run(server, server.url + call.path, watch))
  const { length } = watch.attempts
  yield* timeline.note(
    Exit.isSuccess(exit)
      ? `recovered in attempt ${length}: "${exit.value}"`
      : length > 1
      ? `gave up after ${length} attempts`
      : "failed at once, and was not retried"
  )
  return { call, exit, attempts: watch.attempts, waits: watch.waits }
})

/** A socket that the client has closed is gone for the server a moment later. */
const settled = (server: Server.Server) =>
  Effect.sync(() => server.openSockets() === 0).pipe(
    Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (closed) => closed, times: 40 })
  )

const verdict = Effect.fnUntraced(
  function*(done: ReadonlyArray<Verdict.Done>, server: Server.Server, timeline: Timeline.Timeline) {
    const attempts = done.flatMap((one) => one.attempts)
    const waits = done.flatMap((one) => one.waits)
    const took = yield* timeline.now
    const inTime = Verdict.equal(`all this took less than ${limit}`, took < Duration.toMillis(limit), true)
    return {
      checks: [...Verdict.checks(done, server), inTime],
      total: [
        `${done.length} calls, ${attempts.length} attempts, ${server.seen.length} requests seen by the server:`,
        seconds(sum(attempts.map(({ began, ended }) => ended - began)), "in attempts,"),
        seconds(sum(waits), "in waits,"),
        seconds(took, "in all")
      ].join(" ")
    }
  }
)

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0)

const seconds = (ms: number, what: string): string => `${(ms / 1000).toFixed(2)} s ${what}`

demo.pipe(
  // around all of it: the client closes its sockets while it lives, not only because it goes away
  Effect.provide(Client.layer),
  Effect.scoped,
  Effect.timeout(limit),
  Effect.filterOrFail((passed) => passed, () => new Error("The demo did not go as told.")),
  NodeRuntime.runMain
)
