/**
 * A process that works on a workflow until it has ended, and says what happens:
 *
 *     node durableWorker.ts <job as JSON>
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Effect, Exit, Layer, Logger } from "effect"
import { ClusterError } from "effect/cluster"
import { writeSync } from "node:fs"
import { GivenUp, type Job, layerEngine, layerPay, Pay, type Say } from "./durable.ts"

// what this program is started with
const job = JSON.parse(process.argv[2] ?? "") as Job

/** Written before anything else can happen: this process may be killed at any moment. */
const say: Say = (event) => {
  writeSync(1, `${JSON.stringify({ at: Date.now(), pid: process.pid, ...event })}\n`)
}

const program = Effect.gen(function*() {
  say({ event: "ready" })
  const exit = yield* Effect.exit(Pay.execute({ id: job.id }))
  if (Exit.isSuccess(exit)) return say({ event: "ended", with: exit.value })
  if (Cause.hasInterrupts(exit.cause)) return yield* Effect.interrupt
  const error = Cause.squash(exit.cause)
  // who asks for the outcome has lost the storage: that is no outcome
  if (error instanceof ClusterError.PersistenceError) return yield* Effect.die(error)
  say({ event: "ended", with: error instanceof GivenUp ? `GivenUp: ${error.reason}` : String(error) })
})

const layer = layerPay(job, say).pipe(Layer.provideMerge(layerEngine(job)))

NodeRuntime.runMain(
  program.pipe(Effect.provide(layer), Effect.provideService(Logger.CurrentLoggers, new Set())),
  { disableErrorReporting: true }
)
