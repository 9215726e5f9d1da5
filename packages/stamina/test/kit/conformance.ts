/**
 * What the real stamina did, and how to replay it.
 */
import { Duration, Effect, Layer, Option, type Result } from "effect"
import { type RetryEvent, type RetryPolicy, Stamina } from "effect-stamina"
import { readFileSync } from "node:fs"
import type { Driver } from "./drivers.ts"
import { VirtualTime } from "./VirtualTime.ts"

interface TestingEntry {
  readonly testing: boolean
  readonly attempts?: number
  readonly cap?: boolean
}

export interface Case {
  readonly id: string
  readonly note?: string
  readonly on: ReadonlyArray<string> | "hook"
  readonly options: {
    readonly attempts: number | null
    readonly timeout: number | null
    readonly waitInitial: number
    readonly waitMax: number
    /** A percentage in random runs only. */
    readonly waitJitter: number | RetryPolicy.Percentage
    readonly waitExpBase: number
    /** Not stamina's: in random runs only. */
    readonly backoff?: RetryPolicy.BackoffShape<number>
    /** Not stamina's: in random runs only. */
    readonly overshoot?: "allow" | "refuse"
  }
  readonly script: ReadonlyArray<{
    readonly ms: number
    readonly ok?: true
    readonly tag?: string
    readonly hook?: boolean | { readonly ms: number }
    readonly hookMs?: number
  }>
  readonly random: ReadonlyArray<number>
  readonly mode:
    | { readonly kind: "normal" | "inactive" }
    | { readonly kind: "testing"; readonly attempts: number; readonly cap: boolean }
    | {
      readonly kind: "nested"
      readonly stack: ReadonlyArray<TestingEntry>
      readonly exited: number
      readonly inactive?: boolean
    }
  readonly onRetryMs?: number
  readonly delayBeforeStartMs?: number
  readonly invalid?: true
  readonly expect: Observed & { readonly elapsed: number; readonly nextWaits: ReadonlyArray<number> }
}

interface Observed {
  readonly attempts: number
  readonly final: string
  readonly waits: ReadonlyArray<number>
  readonly starts: ReadonlyArray<number>
  readonly details: ReadonlyArray<{
    readonly retryNum: number
    readonly waitFor: number
    readonly waitedSoFar: number
    readonly causedBy: string
    readonly at: number
  }>
}

/** What a replay shows. */
export interface Seen extends Observed {
  readonly elapsed: number
  /** How many random numbers were drawn. */
  readonly draws: number
}

export const cases: ReadonlyArray<Case> = JSON.parse(
  readFileSync(new URL("../conformance/stamina-26.1.0.json", import.meta.url), "utf8")
).cases

class Failure {
  readonly _tag: string
  readonly step: Case["script"][number]
  constructor(tag: string, step: Case["script"][number]) {
    this._tag = tag
    this.step = step
  }
}

/** stamina accepted a test mode of no attempts; here it is refused when it is built. */
const isValid = (entry: { readonly testing?: boolean; readonly attempts?: number }): boolean =>
  entry.testing === false || entry.attempts === undefined || entry.attempts >= 1

/** The test modes that a case enters and stays in, outermost first, and those that it enters and leaves again. */
const testingOf = (
  mode: Case["mode"]
): { readonly stays: ReadonlyArray<TestingEntry>; readonly left: ReadonlyArray<TestingEntry> } => {
  if (mode.kind === "testing") return { stays: [{ testing: true, attempts: mode.attempts, cap: mode.cap }], left: [] }
  if (mode.kind !== "nested") return { stays: [], left: [] }
  const kept = mode.stack.length - mode.exited
  return { stays: mode.stack.slice(0, kept), left: mode.stack.slice(kept) }
}

const enter = ({ attempts, cap, testing }: TestingEntry) =>
  Stamina.withTesting(testing && { attempts: attempts ?? 1, cap: cap ?? false })

/** The test modes of a case that have to be refused. */
export const invalidTesting = (c: Case): ReadonlyArray<() => unknown> => {
  const { left, stays } = testingOf(c.mode)
  return [...stays, ...left].filter((entry) => !isValid(entry)).map((entry) => () => enter(entry))
}

/**
 * Whether a case's options have to be refused: those marked so, and the one with a negative jitter (P060), which the
 * recording does not mark but which is out of range here as every other negative wait is.
 */
export const hasInvalidOptions = (c: Case): boolean => c.invalid === true || Number(c.options.waitJitter) < 0

/** Whether the case runs at all once what has to be refused is refused. */
export const runs = (c: Case): boolean => !hasInvalidOptions(c) && testingOf(c.mode).stays.every(isValid)

export const optionsOf = (c: Case, time: VirtualTime): Stamina.RetryOptions<any> => ({
  ...c.options,
  attempts: c.options.attempts ?? Infinity,
  timeout: c.options.timeout ?? Duration.infinity,
  on: c.on === "hook"
    ? ({ step }: Failure) => {
      time.passUnsafe(step.hookMs ?? 0)
      return typeof step.hook === "object" ? Duration.millis(step.hook.ms) : step.hook ?? false
    }
    : c.on
})

/**
 * What is expected here: what was recorded, up to the first wait that the hook chose and that would end at or past the
 * timeout. The real stamina waits for it, and makes one more attempt. Here, the run gives up instead (`docs/decisions.md`).
 */
export const expected = (c: Case): Case["expect"] => {
  const recorded = c.expect
  if (c.mode.kind !== "normal" || c.options.timeout === null) return recorded
  const timeout = c.options.timeout
  const last = recorded.details.findIndex(({ waitFor }, i) => {
    const { hook, ms } = scriptOf(c, i)
    return typeof hook === "object" && (recorded.starts[i] ?? NaN) + ms + waitFor >= timeout
  })
  return last === -1 ? recorded : {
    attempts: last + 1,
    final: scriptOf(c, last).tag ?? "",
    waits: recorded.waits.slice(0, last),
    starts: recorded.starts.slice(0, last + 1),
    details: recorded.details.slice(0, last),
    elapsed: recorded.details[last]?.at ?? NaN,
    nextWaits: recorded.nextWaits.slice(0, last + 1)
  }
}

/** What the attempt with this index does. */
const scriptOf = ({ script }: Case, index: number): Case["script"][number] =>
  script[Math.min(index, script.length - 1)]!

/** Replays a case through a driver and returns what was seen. */
export const replay = (c: Case, driver: Driver): Replay => {
  const { observe, program } = prepare(c, driver)
  return observe(Effect.runSync(program))
}

/** The same for a driver that cannot run it at one go. */
export const replayLater = async (c: Case, driver: Driver): Promise<Replay> => {
  const { observe, program } = prepare(c, driver)
  return observe(await Effect.runPromise(program))
}

/** What came of a replay. */
export interface Replay {
  readonly seen: Seen
  readonly nextWaits: ReadonlyArray<number>
  /** Whether every error that was seen is the very object that an attempt failed with. */
  readonly sameErrors: boolean
}

type Outcome = Result.Result<string, Failure>

/** A case as a program, and what can be seen after it. */
const prepare = (
  c: Case,
  driver: Driver
): { readonly program: Effect.Effect<Outcome>; readonly observe: (result: Outcome) => Replay } => {
  const time = new VirtualTime(c.random)
  const starts: Array<number> = []
  const details: Array<Observed["details"][number]> = []
  const nextWaits: Array<number> = []
  const causes: Array<unknown> = []
  const failures: Array<unknown> = []
  let begun = 0

  const block = (attempt: Stamina.Attempt | undefined): Effect.Effect<string, Failure> =>
    Effect.suspend(() => {
      const step = scriptOf(c, starts.length)
      starts.push(time.now - begun)
      if (attempt) {
        nextWaits.push(Duration.toMillis(attempt.nextWait))
        if (attempt.num !== starts.length) throw new Error(`attempt ${starts.length} was told to be ${attempt.num}`)
        if (Option.getOrUndefined(attempt.previous) !== failures.at(-1)) throw new Error("not the previous error")
      }
      time.passUnsafe(step.ms)
      if (step.ok) return Effect.succeed("ok")
      const failure = new Failure(step.tag!, step)
      failures.push(failure)
      return Effect.fail(failure)
    })

  const hooks = Stamina.layerHooks([{
    onRetryScheduled: (seen: RetryEvent.RetryScheduled) =>
      Effect.suspend(() => {
        details.push({
          retryNum: seen.retryNum,
          waitFor: Duration.toMillis(seen.waitFor),
          waitedSoFar: Duration.toMillis(seen.waitedSoFar),
          causedBy: (seen.causedBy as Failure)._tag,
          at: time.now - begun
        })
        causes.push(seen.causedBy)
        return time.pass(c.onRetryMs ?? 0)
      })
  }])

  const { left, stays } = testingOf(c.mode)
  const inactive = c.mode.kind === "inactive" || (c.mode.kind === "nested" && c.mode.inactive === true)
  const retried = driver.build(optionsOf(c, time), block)
  const program = Effect.gen(function*() {
    for (const entry of left.filter(isValid)) yield* enter(entry)(Effect.void)
    yield* time.pass(c.delayBeforeStartMs ?? 0)
    begun = time.now
    return yield* Effect.result(retried)
  })
  return {
    program: stays.reduceRight((self, entry) => enter(entry)(self), program).pipe(
      Effect.provide(Layer.mergeAll(hooks, inactive ? Stamina.layerInactive : Layer.empty)),
      time.provide
    ),
    observe: (result) => ({
      seen: {
        attempts: starts.length,
        final: result._tag === "Success" ? result.success : result.failure._tag,
        waits: time.sleeps,
        starts,
        elapsed: time.now - begun,
        details,
        draws: time.draws
      },
      nextWaits,
      sameErrors: causes.every((cause, i) => cause === failures[i]) &&
        (result._tag === "Success" || result.failure === failures.at(-1))
    })
  }
}
