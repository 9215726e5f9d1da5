/**
 * Which run a failure came out of.
 *
 * Where a failure came from is a property of the failure, so a run that gives up notes itself on the reasons of its
 * cause. That note arrives wherever the cause does, and is exact. The error object may be shared by many runs, so it only
 * leads to the run that failed with it last.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Predicate from "effect/Predicate"
import { causesOf } from "../tools/errors.ts"
import { lastFailure, type Run } from "./Run.ts"

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

interface Entry {
  readonly run: Run
  /** Whether runs have failed with the object that have nothing to do with each other. */
  readonly shared: boolean
}

const entries = /*#__PURE__*/ new WeakMap<object, Entry>()

/** Remembers that a run failed with an error, or ended with what stands for one. */
export const remember = (error: unknown, run: Run): void => {
  if (!Predicate.isObjectKeyword(error)) return
  const before = entries.get(error)
  const shared = before !== undefined && (before.shared || before.run !== lastFailure(run)?.inner)
  entries.set(error, { run, shared })
}

/** The run that an error came out of last, or what it keeps as its `cause` or `response`. */
export const behind = (error: unknown): Run | undefined => entryBehind(error)?.run

/** The run that a failure came out of, if it ended inside the attempt that began at `since`. */
export const inside = (reasons: ReadonlyArray<Cause.Reason<unknown>>, since: number): Run | undefined => {
  for (const reason of reasons) {
    const noted = ofReason(reason)
    if (noted !== undefined && noted.ending > since) return noted
    if (reason._tag === "Interrupt") continue
    // a schedule cannot note anything on a cause
    const entry = entryBehind(reason._tag === "Fail" ? reason.error : reason.defect)
    if (entry !== undefined && !entry.shared && entry.run.ending > since) return entry.run
  }
  return undefined
}

const entryBehind = (error: unknown): Entry | undefined => {
  for (const one of causesOf(error)) {
    const entry = entries.get(one)
    if (entry !== undefined) return entry
  }
  return undefined
}
