/**
 * The switches, applied to the plan of a run.
 */
import type { Plan } from "./Decision.ts"

/** How the switches stand: retries off, test mode, or neither (`undefined`). */
export type Mode = "inactive" | { readonly attempts: number; readonly cap: boolean } | undefined

/** Applies the switches. Test mode replaces the attempts, drops the timeout and makes every wait 0. */
export const inMode = (plan: Plan, mode: Mode): Plan =>
  mode === undefined
    ? plan
    : mode === "inactive"
    ? { ...plan, active: false }
    : {
      ...plan,
      attempts: mode.cap ? Math.min(mode.attempts, plan.attempts) : mode.attempts,
      timeout: Infinity,
      overshoot: "allow",
      waits: false
    }
