/**
 * What the rules know of a policy and its context: plain numbers, in milliseconds.
 */
import * as Backoff from "effect-stamina/Backoff"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import type { Latency } from "../simulate/model.ts"
import * as scenario from "../simulate/scenario.ts"
import { checkKnown, refuseUnless } from "../tools/check.ts"
import { checkChance, checkLimit, checkMillis } from "../tools/numbers.ts"
import type { Context, Field, Finding, Fix, Severity } from "./model.ts"
import { type Staying, stayingOf } from "./staying.ts"

/** Numbers of a policy, and of the context as far as it is known. */
export interface Facts {
  readonly policy: RetryPolicy.RetryPolicy
  readonly backoff: Backoff.Backoff
  readonly attempts: number
  readonly timeout: number
  readonly overshoots: boolean
  /** The most attempts that a run can make, and its longest wait in all. */
  readonly most: number
  readonly totalWait: number
  /** So many retries are looked at: all that can happen, up to a limit. */
  readonly retries: number
  /** The shortest and the longest wait before a retry. */
  readonly shortest: (retryNum: number) => number
  readonly longest: (retryNum: number) => number
  /** The list of waits, if the backoff is one. */
  readonly list: ReadonlyArray<number> | undefined
  /** Whether chance is a part of the shape itself, as in `"full"`. */
  readonly isRandom: boolean
  /** Whether the shape uses `waitExpBase`. */
  readonly isExponential: boolean
  /** Whether jitter was asked for, as a time or in percent. A random shape does not look at it. */
  readonly hasJitter: boolean
  /** Whether there are retries, and none of them waits. */
  readonly neverWaits: boolean
  /** Whether a wait that was asked for is longer than `waitMax`. */
  readonly isCapped: boolean
  readonly attemptTimeout: number | undefined
  readonly deadline: number | undefined
  readonly otherAttempts: ReadonlyArray<number>
  readonly utilisation: number | undefined
  readonly budgetedRetries: number | undefined
  readonly outage: number | undefined
  readonly latency: Latency | undefined
  /** How long its runs last. Simulated when a rule asks for it, and once. */
  readonly staying: () => Staying
}

/** A finding of a rule, without the name of the rule. */
export interface Found extends Pick<Finding, "severity" | "fields" | "message"> {
  /** Changes that may help, the best first. `fix.ts` finds out which of them do. */
  readonly fixes: ReadonlyArray<Fix>
}

/** A rule: what it finds, if anything. */
export type Check = (facts: Facts) => Found | undefined

/** Makes a finding. */
export const found = (
  severity: Severity,
  fields: ReadonlyArray<Field>,
  message: string,
  ...fixes: ReadonlyArray<Fix>
): Found => ({ severity, fields, message, fixes })

/** Waits beyond so many retries are not looked at one by one: by then, the limits of all policies in use have ended. */
const look = 2000

/** What is known of the use of a policy. */
export type Known = Pick<
  Facts,
  "attemptTimeout" | "deadline" | "otherAttempts" | "utilisation" | "budgetedRetries" | "outage" | "latency"
>

/** Gathers the facts. */
export const of = (policy: RetryPolicy.RetryPolicy, known: Known): Facts => {
  const backoff = Backoff.fromPolicy(policy)
  const bounds = RetryPolicy.bounds(policy)
  const retries = Math.min(bounds.attempts - 1, look)
  const { shape } = backoff
  const traits = Backoff.traitsOf(shape)
  let staying: Staying | undefined
  const list = typeof shape === "string" ? undefined : shape
  const longest = (retryNum: number) => Backoff.longest(backoff, retryNum)
  return {
    policy,
    backoff,
    attempts: policy.attempts,
    timeout: Duration.toMillis(policy.timeout),
    overshoots: policy.overshoot === "allow",
    most: bounds.attempts,
    totalWait: Duration.toMillis(bounds.totalWait),
    retries,
    shortest: (retryNum) => Backoff.shortest(backoff, retryNum),
    longest,
    list,
    isRandom: traits.isRandom,
    isExponential: traits.usesBase,
    hasJitter: backoff.jitter > 0 || (backoff.spread ?? 0) > 0,
    neverWaits: retries > 0 && all(Math.min(retries, 64), (retryNum) => longest(retryNum) === 0),
    isCapped: list === undefined ? backoff.initial > backoff.max : list.some((wait) => wait > backoff.max),
    staying: () => staying ??= stayingOf(policy, known),
    ...known
  }
}

/** Checks the context on behalf of the function named `caller`. */
export const knownOf = (caller: string, context: Context): Known => {
  checkKnown(caller, context, [
    "attemptTimeout",
    "deadline",
    "otherAttempts",
    "utilisation",
    "budgetedRetries",
    "outage",
    "latency",
    "ignore"
  ])
  const optional = <A, B>(value: A | undefined, check: (value: A) => B) =>
    value === undefined ? undefined : check(value)
  return {
    attemptTimeout: finite(checkLimit(caller, context.attemptTimeout, "attemptTimeout")),
    deadline: finite(checkLimit(caller, context.deadline, "deadline")),
    otherAttempts: (context.otherAttempts ?? []).map((attempts) =>
      refuseUnless(attempts >= 1, caller, "otherAttempts", "an array of numbers >= 1", attempts)
    ),
    utilisation: optional(context.utilisation, (value) => checkChance(caller, value, "utilisation")),
    budgetedRetries: optional(
      context.budgetedRetries,
      (value) => refuseUnless(value >= 0, caller, "budgetedRetries", "a number >= 0", value)
    ),
    outage: optional(context.outage, (value) => checkMillis(caller, value, "outage")),
    latency: optional(context.latency, (value) => scenario.checkLatency(caller, value))
  }
}

/** A limit, if there is one. */
const finite = (millis: number): number | undefined => millis === Infinity ? undefined : millis

/** Whether something holds for each retry from the first to the last. */
export const all = (last: number, holds: (retryNum: number) => boolean): boolean => {
  for (let retryNum = 1; retryNum <= last; retryNum++) if (!holds(retryNum)) return false
  return true
}

/** The first retry for which something holds, up to the last that is looked at. */
export const firstRetry = ({ retries }: Facts, holds: (retryNum: number) => boolean): number | undefined => {
  for (let retryNum = 1; retryNum <= retries; retryNum++) if (holds(retryNum)) return retryNum
  return undefined
}

/** The longest wait of all that are looked at. */
export const longestOfAll = ({ longest, retries }: Facts): number => {
  let most = 0
  for (let retryNum = 1; retryNum <= retries; retryNum++) most = Math.max(most, longest(retryNum))
  return most
}

/** The longest wait of a list, which may have more members than a function takes arguments. */
export const longestListed = (list: ReadonlyArray<number>): number =>
  list.reduce((longest, wait) => Math.max(longest, wait), 0)

/** The first retry from which on every wait is exactly `waitMax`, because jitter is cut off there. */
export const capFrom = (facts: Facts): number | undefined =>
  facts.isRandom ? undefined : firstRetry(facts, (retryNum) => facts.shortest(retryNum) >= facts.backoff.max)
