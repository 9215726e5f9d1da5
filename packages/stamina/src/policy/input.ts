/**
 * The fields of a policy that are set, before the defaults fill in the rest.
 */
import * as Duration from "effect/Duration"
import {
  checkAttempts,
  checkBase,
  checkOvershoot,
  checkTimeout,
  checkWait,
  decodeDuration,
  isWait,
  refuse
} from "../tools/check.ts"
import { checkJitter, partOf } from "./jitter.ts"
import {
  type Backoff,
  type BackoffShape,
  type Curve,
  defaults,
  type Input,
  type RetryPolicy,
  shapeNames
} from "./model.ts"

/** The fields that were given, checked. A field given as `undefined` is absent. */
export type Given = { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] }

/**
 * Checks what was given on behalf of the function named `caller`, whose name errors carry. Fields that are not the
 * policy's are left to that function.
 */
export const given = (caller: string, input: Input): Given => {
  // Spelt out, because a retry that is built in a hot function spends its time here: a loop over a table of checks takes
  // 110 ns for two options instead of 50 ns.
  const out: Fillable<Given> = {}
  if (input.attempts !== undefined) out.attempts = checkAttempts(caller, input.attempts, "attempts")
  if (input.timeout !== undefined) out.timeout = checkTimeout(caller, input.timeout, "timeout")
  if (input.waitInitial !== undefined) out.waitInitial = checkWait(caller, input.waitInitial, "waitInitial")
  if (input.waitMax !== undefined) out.waitMax = checkWait(caller, input.waitMax, "waitMax")
  if (input.waitJitter !== undefined) out.waitJitter = checkJitter(caller, input.waitJitter, "waitJitter")
  if (input.waitExpBase !== undefined) out.waitExpBase = checkBase(caller, input.waitExpBase)
  if (input.backoff !== undefined) out.backoff = checkShape(caller, input.backoff)
  if (input.overshoot !== undefined) out.overshoot = checkOvershoot(caller, input.overshoot, "overshoot")
  return out
}

type Fillable<A> = { -readonly [K in keyof A]?: A[K] }

/** Checks a policy to build upon: it has all fields. */
export const checkFull = (caller: string, base: RetryPolicy): RetryPolicy =>
  full(`${caller}: base`, caller, "base", base)

/**
 * Checks a policy that is looked at. `make` has checked it, unless it was spread by hand, as in `{ ...policy, attempts: -1
 * }`.
 */
export const checkPolicy = (caller: string, policy: RetryPolicy): RetryPolicy => full(caller, caller, "policy", policy)

/** Names the field that is out of range on behalf of `owner`, and a policy that lacks one on behalf of `caller`. */
const full = (owner: string, caller: string, name: string, policy: RetryPolicy): RetryPolicy => {
  if (policy === defaults) return policy
  if (typeof policy !== "object" || policy === null) return refuse(caller, name, rule, policy)
  const fields: Given = given(owner, policy)
  return Object.keys(defaults).every((name) => name in fields)
    ? fields as RetryPolicy // it has every field
    : refuse(caller, name, rule, policy)
}

const rule = "a policy with all fields, as RetryPolicy.make makes it"

/**
 * A policy of what was given; `base` fills in the rest. Its `waitMax` does not cut a wait that was given short: it is as
 * long as the longest of them, unless it was given itself.
 */
export const complete = (given: Given, base: RetryPolicy): RetryPolicy => {
  const { backoff, waitInitial = Duration.zero, waitMax } = given
  const waits = typeof backoff === "object" ? backoff : []
  return {
    ...base,
    ...given,
    waitMax: waitMax ?? [waitInitial, ...waits].reduce((one, other) => Duration.max(one, other), base.waitMax)
  }
}

/** The numbers of a backoff, in milliseconds, as far as they were given. */
export const backoffOf = (given: Pick<Given, keyof Curve>): Partial<Backoff> => {
  const { backoff, waitExpBase, waitInitial, waitJitter, waitMax } = given
  const out: Fillable<Backoff> = {}
  if (backoff !== undefined) {
    out.shape = typeof backoff === "string"
      ? backoff
      : backoff.map((wait) => Duration.toMillis(wait))
  }
  if (waitInitial !== undefined) out.initial = Duration.toMillis(waitInitial)
  if (waitMax !== undefined) out.max = Duration.toMillis(waitMax)
  if (typeof waitJitter === "string") {
    out.jitter = 0
    out.spread = partOf(waitJitter)
  } else if (waitJitter !== undefined) out.jitter = Duration.toMillis(waitJitter)
  if (waitExpBase !== undefined) out.base = waitExpBase
  return out
}

/** Checks the name of a shape or a list of waits, each given as any `Duration.Input`. */
export const checkShape = (caller: string, value: unknown): BackoffShape => {
  const name = shapeNames.find((name) => name === value)
  if (name !== undefined) return name
  if (Array.isArray(value) && value.length > 0) {
    // unlike `map`, reads the holes of a sparse array too
    const waits = Array.from(value, decodeDuration)
    if (waits.every(isWait)) return Object.freeze(waits)
  }
  return refuse(
    caller,
    "backoff",
    `one of ${shapeNames.join(", ")}, or a non-empty array of finite durations >= 0`,
    value
  )
}
