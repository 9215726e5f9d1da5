/**
 * Why nothing is retried, at debug level: for a reader who wonders why a failure came out at once. Without that level, each failure
 * that ends a run costs a comparison.
 */
import type * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import type { Plan } from "../run/Decision.ts"
import { isOver, type Run } from "../run/run.ts"
import { isLogged, logLine } from "../tools/logLine.ts"
import { caseOf } from "../tools/words.ts"
import { errorsOf } from "../verdict/ofCause.ts"
import { callableOf } from "./eventsOf.ts"
import { errorType } from "./RetryEvent.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What an answer needs to know of the options. */
export interface Asked {
  readonly name: string | undefined
  /** What is retried, as the options say it; `undefined` if they do not. */
  readonly on: unknown
  readonly ofAttempts: AttemptLimits
  /** Whether the driver has logged by itself why it does not retry an error. */
  readonly isExplained?: ((error: unknown) => boolean) | undefined
}

/** Limits of single attempts, in milliseconds; `Infinity` for none. */
export interface AttemptLimits {
  readonly attemptTimeout: number
  readonly resetAfter: number
  /** Whether a line has told already that they do not go with the limits of a run. */
  isTold: boolean
}

/** The limit of attempts that takes as long as the run may, or longer; with both values, in words. */
const excluding = ({ active, attempts, timeout }: Plan, limits: AttemptLimits): string | undefined => {
  for (const limit of ["attemptTimeout", "resetAfter"] as const) {
    const millis = limits[limit]
    if (active && attempts > 1 && millis < Infinity && millis >= timeout) {
      return `${limit} of ${millis / 1000}s >= timeout of ${timeout / 1000}s`
    }
  }
  return undefined
}

/** Logs limits that exclude each other, if one of them is a default: once for each retry that is built. */
export const limitsConflict = (plan: Plan, { name, ofAttempts }: Asked, fiber: AnyFiber): void => {
  if (ofAttempts.isTold || !isLogged(fiber, "Debug")) return
  const why = excluding(plan, ofAttempts)
  if (why === undefined) return
  ofAttempts.isTold = true
  const labels = { callable: callableOf(name, fiber), why }
  logLine(fiber, { level: "Debug", message: "stamina.limits_conflict", labels })
}

/** Tells why a run that has ended with its first failure did not retry it. */
export const firstFailure = (
  run: Run,
  asked: Asked,
  cause: Cause.Cause<unknown> | undefined,
  fiber: AnyFiber
): void => {
  if (run.attempt > 1 || !isOver(run) || !isLogged(fiber, "Debug") || asked.isExplained?.(run.error)) return
  const why = whyOf(run, asked, cause)
  if (why === undefined) return
  const callable = callableOf(asked.name, fiber)
  const about = { callable, why }
  const labels: Readonly<Record<string, string>> = run.error === undefined
    ? about
    : { ...about, caused_by: errorType(run.error) }
  logLine(fiber, { level: "Debug", message: "stamina.not_retried", labels }, {
    annotations: () => why === notNamed && asked.on !== undefined ? { ...labels, named: namesOf(asked.on) } : labels
  })
}

const notNamed = "not named"

const whyOf = (
  { error, plan, reason = "NotRetryable" }: Run,
  { ofAttempts }: Asked,
  cause: Cause.Cause<unknown> | undefined
): string | undefined => {
  if (reason === "NotRetryable") {
    const other = cause?.reasons.find(({ _tag }) => _tag !== "Fail")
    if (other?._tag !== "Die") return other === undefined ? notNamed : "interruption"
    // a mistake in `on` replaces the error, and has a line of its own
    return cause !== undefined && errorsOf(cause).includes(error) ? "defect" : undefined
  }
  if (reason === "AttemptsExhausted" && plan?.waits === false) return "testing: 1 attempt"
  const excluded = reason === "TimeoutReached" && plan && excluding(plan, ofAttempts)
  return excluded ? `limits: ${excluded}` : caseOf(reason, " ")
}

/** What `on` names, in words. */
const namesOf = (on: unknown): string =>
  Array.isArray(on)
    ? on.map(namesOf).join(", ")
    : typeof on === "function"
    ? /^[A-Z]/.test(on.name) ? on.name : "a function"
    : typeof on === "string"
    ? on
    : Object.keys(Object(on)).join(", ")
