/**
 * Runs an effect on a clock that jumps, and says what was retried: attempts, waits, and why it ended.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import { CurrentHooks } from "../telemetry/layers.ts"
import { errorType, type GiveUpReason, type RetryEvent } from "../telemetry/RetryEvent.ts"
import type { RetryHook } from "../telemetry/RetryHook.ts"
import { report } from "../telemetry/RetryReport.ts"
import { checkKnown } from "../tools/check.ts"
import * as JumpingClock from "./JumpingClock.ts"
import * as RetryRecorder from "./RetryRecorder.ts"

export { type Law, laws, lawsOf, type LawsOfOptions, type Promises } from "./laws.ts"

/**
 * What {@link retries} takes beside the effect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends JumpingClock.Options {
  /**
   * The numbers that `Random` draws, each from 0 up to but not 1; the list begins again at its end. Default `[0.5]`, which
   * makes every wait the one in the middle. `[0]` makes each the shortest.
   */
  readonly random?: ReadonlyArray<number> | undefined
  /** Hooks that run beside the recorder. Default: none, so that a test writes no log. */
  readonly hooks?: ReadonlyArray<RetryHook> | undefined
}

/**
 * What became of an effect that retries. Times are in milliseconds.
 *
 * **Details**
 *
 * `attempts`, `waits` and `reason` tell of one run: of several, the one that ended last, which is the outermost where they
 * lie in each other. `runs` has them all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retries<out A, out E> {
  /** How the effect ended. */
  readonly exit: Exit.Exit<A, E>
  /** How many attempts were made, the first one included: 1 if nothing was retried. */
  readonly attempts: number
  /** The waits before retries, as they were decided. */
  readonly waits: ReadonlyArray<number>
  /**
   * How the run ended, as hooks were notified. If they were notified of none, the effect was not retried: it `"Succeeded"` or
   * `"Failed"` at once.
   */
  readonly outcome: "Succeeded" | "Recovered" | "GaveUp" | "Interrupted" | "Failed"
  /** Why the run gave up, if it did. */
  readonly reason: GiveUpReason | undefined
  /** How long the effect took on its clock. */
  readonly elapsed: number
  /** What hooks heard. */
  readonly events: ReadonlyArray<RetryEvent>
  /** The runs that needed a retry, or were refused one. */
  readonly runs: ReadonlyArray<RetryRecorder.RecordedRun>
}

/**
 * Runs an effect on a {@link JumpingClock} of its own, with random numbers that are always the same, and says what was
 * retried. The effect it returns cannot fail.
 *
 * **Details**
 *
 * Runs in no time, also with `Effect.runSync` if the effect waits for nothing but sleeps. The clock is the effect's
 * own: `JumpingClock.passes` inside moves it on. Hooks around, logs and metrics among them, do not run.
 *
 * **Gotchas**
 *
 * Switches and defaults around hold as always: if retries are off, there are none. A retry with the option `hooks`
 * does not tell the recorder: what is known of it then is what the report on its error says.
 *
 * **Example** (Two failures, then a success)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import { RetryTest } from "effect-stamina/testing"
 *
 * let calls = 0
 * const fetchUser = Effect.suspend(() => ++calls < 3 ? Effect.fail("down") : Effect.succeed("Ada")).pipe(
 *   Stamina.retry({ on: () => true })
 * )
 *
 * const { attempts, elapsed, outcome, waits } = Effect.runSync(RetryTest.retries(fetchUser))
 * console.log(attempts, waits, elapsed, outcome) // 3 [ 600, 700 ] 1300 Recovered
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const retries = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  options: Options = {}
): Effect.Effect<Retries<A, E>, never, Exclude<R, JumpingClock.JumpingClock>> => {
  checkKnown("RetryTest.retries", options, ["start", "random", "seed", "mostSleeps", "hooks"])
  const { hooks = [], ...clockOptions } = options
  const clock = JumpingClock.make(
    clockOptions.random === undefined && clockOptions.seed === undefined
      ? { ...clockOptions, random: [0.5] }
      : clockOptions
  )
  return Effect.flatMap(clock, (clock) => {
    const recorder = RetryRecorder.make()
    return Effect.exit(self).pipe(
      Effect.map((exit) => resultOf(exit, recorder, clock.elapsedUnsafe())),
      Effect.provideService(CurrentHooks, [recorder.hook, ...hooks]),
      JumpingClock.provide(clock)
    )
  })
}

const resultOf = <A, E>(
  exit: Exit.Exit<A, E>,
  { events, runs }: RetryRecorder.RetryRecorder,
  elapsed: number
): Retries<A, E> => {
  const last = events.findLast((event) => !("retryNum" in event))
  const run = runs.find(({ end }) => end === last && end !== undefined) ?? runs.at(-1)
  // hooks are not notified of an error that is not retried at all, nor of a retry with hooks of its own
  const unheard = run === undefined && Exit.isFailure(exit) ? Option.getOrUndefined(report(exit.cause)) : undefined
  const told = run?.end?._tag === "GaveUp" ? run.end : unheard
  const silent = Exit.isFailure(exit) ? "Failed" : run === undefined ? "Succeeded" : "Recovered"
  return {
    exit,
    attempts: run?.end?.attempts ?? unheard?.attempts ?? (run?.waits.length ?? 0) + 1,
    waits: run?.waits ?? unheard?.history.slice(0, -1).map(({ waitAfter }) => Duration.toMillis(waitAfter)) ?? [],
    outcome: run?.end?._tag ?? silent,
    reason: told?.reason,
    elapsed,
    events,
    runs
  }
}

/**
 * What is expected of {@link Retries}; what is left out is not looked at. Times are in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Expected extends Partial<Omit<Retries<unknown, unknown>, "exit" | "events" | "runs">> {}

/**
 * Throws an `Error` if retries were not as expected. Its message holds every difference and what happened, line by line.
 *
 * **Details**
 *
 * Works under every test runner. Times are equal if they differ by less than a thousandth of a millisecond: clocks have
 * whole nanoseconds, and waits with jitter have not.
 *
 * **Example** (A test in plain JavaScript)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Stamina } from "effect-stamina"
 * import { RetryTest } from "effect-stamina/testing"
 *
 * const failing = Effect.fail("down").pipe(Stamina.retry({ on: () => true, attempts: 3 }))
 * const result = Effect.runSync(RetryTest.retries(failing))
 *
 * RetryTest.expectRetries(result, { attempts: 3, waits: [600, 700], reason: "AttemptsExhausted" })
 * ```
 *
 * @category asserting
 * @since 0.1.0
 */
export const expectRetries = (actual: Retries<unknown, unknown>, expected: Expected): void => {
  checkKnown("RetryTest.expectRetries", expected, ["attempts", "waits", "outcome", "reason", "elapsed"])
  const differences: Array<string> = []
  for (const field of ["attempts", "waits", "outcome", "reason", "elapsed"] as const) {
    if (field in expected && !isSame(actual[field], expected[field])) {
      differences.push(
        `${field}: expected ${Formatter.format(expected[field])}, got ${Formatter.format(actual[field])}`
      )
    }
  }
  if (differences.length > 0) throw new Error([...differences, "what happened:", ...story(actual)].join("\n"))
}

const isSame = (actual: unknown, expected: unknown): boolean =>
  Array.isArray(actual) && Array.isArray(expected)
    ? actual.length === expected.length && actual.every((one, i) => isSame(one, expected[i]))
    : typeof actual === "number" && typeof expected === "number"
    ? actual === expected || Math.abs(actual - expected) < 0.001
    : actual === expected

const story = ({ elapsed, events, exit }: Retries<unknown, unknown>): ReadonlyArray<string> => [
  ...events.map((event) =>
    event._tag === "RetryScheduled"
      ? `  ${event.name}: attempt ${event.retryNum} failed with ${errorType(event.causedBy)} after ${
        millis(Duration.toMillis(event.elapsed))
      }, waits ${millis(Duration.toMillis(event.waitFor))}`
      : event._tag === "RetryDeferred"
      ? `  ${event.name}: retry ${event.retryNum} waits for a token of its budget`
      : `  ${event.name}: ${event._tag === "GaveUp" ? `gave up (${event.reason})` : event._tag.toLowerCase()} after ${
        millis(Duration.toMillis(event.elapsed))
      }, ${event.attempts} attempt${event.attempts === 1 ? "" : "s"}`
  ),
  `  the effect ${Exit.isSuccess(exit) ? "succeeded" : `failed with ${errorType(Cause.squash(exit.cause))}`} after ${
    millis(elapsed)
  }`
]

const millis = (time: number): string => `${Math.round(time * 1000) / 1000} ms`
