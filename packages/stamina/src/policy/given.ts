/**
 * What was said of a policy, and nothing else.
 */
import { checkAttempts, checkBase, checkOvershoot, checkTimeout, checkWait } from "../tools/check.ts"
import { checkShape, type RetryPolicy } from "./model.ts"
import type { Input } from "./RetryPolicy.ts"

export type Given = { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] }

export const given = (caller: string, input: Input): Given => {
  const out: { -readonly [K in keyof Given]: Given[K] } = {}
  if (input.attempts !== undefined) out.attempts = checkAttempts(caller, input.attempts, "attempts")
  if (input.timeout !== undefined) out.timeout = checkTimeout(caller, input.timeout, "timeout")
  if (input.waitInitial !== undefined) out.waitInitial = checkWait(caller, input.waitInitial, "waitInitial")
  if (input.waitMax !== undefined) out.waitMax = checkWait(caller, input.waitMax, "waitMax")
  if (input.waitJitter !== undefined) out.waitJitter = checkWait(caller, input.waitJitter, "waitJitter")
  if (input.waitExpBase !== undefined) out.waitExpBase = checkBase(caller, input.waitExpBase)
  if (input.backoff !== undefined) out.backoff = checkShape(caller, input.backoff)
  if (input.overshoot !== undefined) out.overshoot = checkOvershoot(caller, input.overshoot, "overshoot")
  return out
}

export const complete = (given: Given, base: RetryPolicy): RetryPolicy => ({ ...base, ...given })
