/**
 * A recorder for tests: a hook that keeps what it hears, as data.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import { layerAddHook, layerHooks } from "../telemetry/layers.ts"
import type { RetryEvent, RunEnd } from "../telemetry/RetryEvent.ts"
import * as RetryHook from "../telemetry/RetryHook.ts"

/**
 * Keeps the events of runs, in order, and sorts them into runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryRecorder {
  /** Every event so far. */
  readonly events: ReadonlyArray<RetryEvent>
  /** The runs that needed a retry or were refused one, by their first event. */
  readonly runs: ReadonlyArray<RecordedRun>
  /** The hook that listens, for lists of hooks and for the option `hooks`. */
  readonly hook: RetryHook.RetryHook
  /** Puts the hook in place of all others, which keeps logs and metrics of a test quiet. */
  readonly layer: Layer.Layer<never>
  /** Adds the hook to those around. */
  readonly layerAdd: Layer.Layer<never>
  /** Forgets what was heard. */
  readonly clear: () => void
}

/**
 * What was heard of one run. It grows as the run goes on.
 *
 * @category models
 * @since 0.1.0
 */
export interface RecordedRun {
  /** What was retried: the option `name`, else the span's name. */
  readonly name: string
  /** The waits before retries, in milliseconds, as they were decided. */
  readonly waits: ReadonlyArray<number>
  /** The errors that caused those retries, the very objects. */
  readonly errors: ReadonlyArray<unknown>
  /** How the run ended; `undefined` as long as it goes on, and for a schedule that ended in a success. */
  readonly end: RunEnd | undefined
}

/**
 * Makes a recorder.
 *
 * **Gotchas**
 *
 * It hears what hooks hear: nothing of a run that succeeds at once, or that fails at once with an error that is not retried.
 * A retry with the option `hooks` tells only those: add the recorder's `hook` to them.
 *
 * **Example** (What a program has retried)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import { JumpingClock, RetryRecorder } from "effect-stamina/testing"
 *
 * const recorder = RetryRecorder.make()
 * let calls = 0
 * const program = Effect.suspend(() => ++calls < 3 ? Effect.fail("down") : Effect.succeed(calls)).pipe(
 *   Stamina.retry({ on: () => true, name: "stock", waitJitter: 0 })
 * )
 *
 * Effect.runSync(program.pipe(Effect.provide([JumpingClock.layer(), recorder.layer])))
 * for (const { end, name, waits } of recorder.runs) console.log(name, waits, end?._tag) // stock [ 100, 200 ] Recovered
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): RetryRecorder => {
  const events: Array<RetryEvent> = []
  const runs: Array<Recording> = []
  let open = new WeakMap<Fiber.Fiber<unknown, unknown>, Array<Recording>>()
  const hook = RetryHook.forEvery("RetryRecorder", (event, fiber) => {
    events.push(event)
    let stack = open.get(fiber)
    if (stack === undefined) open.set(fiber, stack = [])
    const run = runOf(stack, event) ?? elsewhere(runs, event) ?? begun(runs, stack, event)
    if (event._tag === "RetryScheduled") {
      run.waits.push(Duration.toMillis(event.waitFor))
      run.errors.push(event.causedBy)
    } else if (event._tag !== "RetryDeferred") {
      run.end = event
      if (stack.at(-1) === run) stack.pop()
    }
  })
  return {
    events,
    runs,
    hook,
    layer: layerHooks([hook]),
    layerAdd: layerAddHook(hook),
    clear: () => {
      events.length = 0
      runs.length = 0
      open = new WeakMap()
    }
  }
}

interface Recording extends RecordedRun {
  readonly waits: Array<number>
  readonly errors: Array<unknown>
  end: RecordedRun["end"]
}

const begun = (runs: Array<Recording>, stack: Array<Recording>, { name }: RetryEvent): Recording => {
  const run: Recording = { name, waits: [], errors: [], end: undefined }
  runs.push(run)
  stack.push(run)
  return run
}

/**
 * The open run that an event belongs to. Events name no run, but the runs of a fiber lie in each other: the innermost one
 * that the event can follow has it. Those further inside are over then, without a word: a schedule sees no success.
 */
const runOf = (stack: Array<Recording>, event: RetryEvent): Recording | undefined => {
  const index = isFirst(event) ? -1 : stack.findLastIndex((run) => canFollow(run, event))
  if (index < 0) return undefined
  stack.length = index + 1
  return stack[index]
}

/** The open run of another fiber that an event belongs to: a stream may be closed by another fiber than the one it ran in. */
const elsewhere = (runs: ReadonlyArray<Recording>, event: RetryEvent): Recording | undefined =>
  isFirst(event) ? undefined : runs.findLast((run) => canFollow(run, event))

/** Whether it is the first event of its run: a first retry, or an end that came before one. */
const isFirst = (event: RetryEvent): boolean =>
  event._tag === "RetryScheduled"
    ? event.retryNum === 1
    : event._tag === "GaveUp" && event.attempts === 1 && event.reason !== "DeadlineExceeded"

/** A run ends in an attempt, or in the wait after it. */
const canFollow = ({ end, name, waits: { length } }: Recording, event: RetryEvent): boolean =>
  end === undefined && name === event.name &&
  (event._tag === "RetryScheduled"
    ? length === event.retryNum - 1
    : event._tag === "RetryDeferred"
    ? length === event.retryNum
    : length === event.attempts - 1 || length === event.attempts)
