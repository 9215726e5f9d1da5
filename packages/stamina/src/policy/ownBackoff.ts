/**
 * The backoff of one tag: its own fields; the rest from the run.
 */
import type { Backoff } from "./model.ts"

/**
 * The backoff to wait by. The run's `max` caps waits that are set for the tag only if it was set itself (`keepsMax`): a
 * default does not cut short a wait that was set.
 */
export const merge = (run: Backoff, own: Partial<Backoff>, keepsMax: boolean): Backoff => {
  const merged = { ...run, ...own }
  // jitter is one field that is set in one of two ways
  if (own.jitter !== undefined) merged.spread = own.spread
  if (own.max === undefined && !keepsMax) {
    merged.max = Math.max(run.max, own.initial ?? 0, ...(typeof own.shape === "object" ? own.shape : []))
  }
  return merged
}
