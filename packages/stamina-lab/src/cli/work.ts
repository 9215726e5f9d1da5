/**
 * Does a job: at once if it is short, else in a thread, so that progress shows and Ctrl-C ends it.
 */
import { RetryPolicy } from "effect-stamina"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Stdio from "effect/Stdio"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { Misuse, refused } from "./failures.ts"
import { type Job, type Outcome, run } from "./jobs.ts"
import { progress } from "./progress.ts"

/** A policy as data, for a job. */
export const encode = (policy: RetryPolicy.RetryPolicy): Effect.Effect<RetryPolicy.Encoded> =>
  Effect.orDie(Schema.encodeEffect(RetryPolicy.Schema)(policy))

export interface Size {
  /** What progress names. */
  readonly what: string
  /** About how many decisions it takes, at most. */
  readonly decisions: number
}

/** Up to here, a job takes about half a second. */
const short = 5_000_000

export const work = <J extends Job>(
  job: J,
  { decisions, what }: Size
): Effect.Effect<Outcome<J>, Misuse, Stdio.Stdio> =>
  decisions <= short
    // the outcome is of the job's kind
    ? Effect.try({ try: () => run(job) as Outcome<J>, catch: refused })
    : progress(inThread(job), `Simulating ${what}`)

/** The thread runs the same file, which is a bundle of all there is: see `answer`. */
const inThread = <J extends Job>(job: J): Effect.Effect<Outcome<J>, Misuse> =>
  Effect.callback((resume) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: job })
    worker.once("message", (outcome: Outcome<J>) => resume(Effect.succeed(outcome)))
    worker.once("error", (error) => {
      resume(
        isOutOfMemory(error)
          ? Effect.fail(new Misuse({ message: "There is not enough memory for so large a simulation" }))
          : error instanceof RangeError
          ? Effect.fail(refused(error))
          : Effect.die(error)
      )
    })
    worker.once("exit", (code) => resume(Effect.die(new Error(`The simulation ended without a result: ${code}`))))
    return Effect.promise(() => worker.terminate())
  })

const isOutOfMemory = (error: unknown): boolean =>
  Predicate.hasProperty(error, "code") && error.code === "ERR_WORKER_OUT_OF_MEMORY"

/** In a thread of `work`, does its job in place of the command line, and says so. */
export const answer = (): boolean => {
  if (isMainThread) return false
  // nobody else starts this file in a thread
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(run(workerData as Job))
  return true
}
