/**
 * A backoff that holds for one tag: the numbers that were said for it, over those of the run.
 */
import type { Backoff } from "./model.ts"

/**
 * The backoff to wait by. The run's `max` caps waits that were said for the tag only where it was itself said
 * (`keepsMax`): a default does not cut short what somebody asked for.
 */
export const merge = (run: Backoff, own: Partial<Backoff>, keepsMax: boolean): Backoff => {
  const merged = { ...run, ...own }
  // jitter is one thing that is said in one of two ways
  if (own.jitter !== undefined) merged.spread = own.spread
  if (own.max === undefined && !keepsMax) {
    merged.max = Math.max(run.max, own.initial ?? 0, ...(typeof own.shape === "object" ? own.shape : []))
  }
  return merged
}
