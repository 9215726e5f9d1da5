/**
 * Which run a failure came out of.
 *
 * Where a failure came from is a property of the failure, so a run that gives up notes itself on the reasons of its
 * cause. That note arrives wherever the cause does, and is exact. The error object may be shared by many runs, so it only
 * leads to the run that failed with it last.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import { causesOf } from "../tools/errors.ts"
import { lastFailure, type Run, runsEnded } from "./run.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The note. The run is out of sight, so that a printed cause shows the note and not all that is known of the run. */
class Origin {
  readonly #run: Run
  constructor(run: Run) {
    this.#run = run
  }
  static run(note: unknown): Run | undefined {
    return note instanceof Origin ? note.#run : undefined
  }
}

const Note: Context.Key<Origin, Origin> = /*#__PURE__*/ Context.Service<Origin, Origin>("effect-stamina/Origin")

/** Notes on each reason of a cause that it came out of the run. */
export const annotated = <E>(cause: Cause.Cause<E>, run: Run): Cause.Cause<E> =>
  Cause.annotate(cause, Context.make(Note, new Origin(run)), { overwrite: true })

/** The run that a failure came out of last. */
export const ofReason = (reason: Cause.Reason<unknown>): Run | undefined => Origin.run(reason.annotations.get(Note.key))

/** The run that a cause came out of last, as noted on it; else as its errors know, if only one run failed with them. */
export const ofCause = ({ reasons }: Cause.Cause<unknown>): Run | undefined => {
  for (const reason of reasons) {
    const noted = ofReason(reason)
    if (noted !== undefined) return noted
  }
  for (const reason of reasons) {
    const entry = entryOfReason(reason)
    if (entry !== undefined && !entry.shared) return entry.run
  }
  return undefined
}

/** What is known of an error object. */
interface Entry {
  /** The run that failed with it last. */
  readonly run: Run
  /** The fiber in which it did. */
  readonly fiberId: number
  /** Whether it is an error that fails more than once: by itself it does not say where it came from. */
  readonly shared: boolean
}

const entries = /*#__PURE__*/ new WeakMap<object, Entry>()

/** Remembers that a run failed with an error, or ended with what stands for one. */
export const remember = (error: unknown, run: Run, { id: fiberId }: AnyFiber): void => {
  if (!Predicate.isObjectKeyword(error)) return
  const before = entries.get(error)
  const shared = before !== undefined && (before.shared || before.run !== lastFailure(run)?.inner)
  entries.set(error, { run, fiberId, shared: shared || isRepeated(run, error) })
}

/** Whether more than one attempt of a run failed with an error object. */
const isRepeated = ({ history = [] }: Run, error: unknown): boolean =>
  history.filter((attempt) => attempt.error === error).length > 1

/** The run that an error came out of last, or what it keeps as its `cause` or `response`. */
export const behind = (error: unknown): Run | undefined => entryBehind(error)?.run

/** The run that a failure came out of, if it ended inside the attempt before which `endedBefore` runs had ended. */
export const inside = (
  reasons: ReadonlyArray<Cause.Reason<unknown>>,
  endedBefore: number,
  fiber: AnyFiber
): Run | undefined => {
  // no run has ended since, so none has inside
  if (endedBefore === runsEnded()) return undefined
  for (const reason of reasons) {
    const noted = ofReason(reason)
    if (noted !== undefined && noted.endedBefore > endedBefore) return noted
    const entry = entryOfReason(reason)
    if (entry !== undefined && entry.run.endedBefore > endedBefore && isTelling(entry, fiber)) return entry.run
  }
  return undefined
}

/**
 * Whether the error object proves, without a note on the cause, that a run ended inside this attempt. Needed for schedules
 * and for errors that wrap others. A fiber does one thing at a time, so a run that ended in the same fiber
 * since the attempt began ended inside of it. Of a run in another fiber that is known only if it retried, and failed with
 * this object once.
 */
const isTelling = ({ fiberId, run, shared }: Entry, fiber: AnyFiber): boolean =>
  fiberId === fiber.id || (run.attempt > 1 && !shared)

const entryOfReason = (reason: Cause.Reason<unknown>): Entry | undefined =>
  reason._tag === "Interrupt" ? undefined : entryBehind(reason._tag === "Fail" ? reason.error : reason.defect)

const entryBehind = (error: unknown): Entry | undefined => {
  for (const one of causesOf(error)) {
    const entry = entries.get(one)
    if (entry !== undefined) return entry
  }
  return undefined
}
