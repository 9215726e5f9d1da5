/**
 * How far a simulation is, for whoever wants to hear it.
 */
import * as Duration from "effect/Duration"
import { bounds } from "../policy/bounds.ts"
import type { RetryPolicy } from "../policy/RetryPolicy.ts"
import { refuse } from "../tools/check.ts"
import type { OnProgress } from "./SimulationModel.ts"

/** How many steps are taken between two reports: often enough for a bar that moves, too seldom to be felt. */
const every = 0x4000

/** Whether somebody is to hear of this step. */
export const isDue = (step: number): boolean => step % every === 0

/** Checks who hears it. */
export const hears = (caller: string, onProgress: unknown): OnProgress | undefined =>
  onProgress === undefined || typeof onProgress === "function"
    ? onProgress as OnProgress | undefined // a function that takes more than a number is its author's mistake
    : refuse(caller, "onProgress", "a function", onProgress)

/** So many attempts of a call count at most: there may be no limit to them. */
const horizon = 1000

/**
 * How far a herd is. Most of its work comes in its first moments, so the time that is looked at says little of it.
 *
 * The number of events to come is not known, but two others are. No fewer come than are due already. And no call makes
 * more attempts than its policy allows in the time that is looked at. The first limit is right where calls succeed at
 * once, the second where none does. The share lies halfway between what the two say, and moves with either.
 */
class Herd {
  private readonly calls: number
  private readonly most: number
  /** Attempts begun, and those that will never be made, because their call has ended. */
  private settled = 0
  private told = 0

  constructor(calls: number, most: number) {
    this.calls = calls
    this.most = most
  }

  /** A call begins an attempt. */
  begins(attempt: number): void {
    if (attempt <= this.most) this.settled++
  }

  /** A call has ended after so many attempts. */
  ends(attempts: number): void {
    this.settled += Math.max(0, this.most - attempts)
  }

  /** The share that is done: `time` is that of the time, `handled` and `due` are numbers of events. */
  share(time: number, handled: number, due: number): number {
    const byEvents = handled / (handled + due)
    const byCalls = this.settled / (this.calls * this.most)
    return this.told = Math.max(this.told, time, (byEvents + byCalls) / 2)
  }
}

/** Follows a herd that makes its calls by a policy, and is looked at for so many milliseconds. */
export const herdOf = (
  policy: RetryPolicy,
  { clients, lasts }: { readonly clients: number; readonly lasts: number }
): Herd => {
  const timeout = Duration.min(policy.timeout, Duration.millis(lasts))
  return new Herd(clients, Math.min(horizon, bounds({ ...policy, timeout }).attempts))
}
