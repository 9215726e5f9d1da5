/**
 * Laws that a policy and a backoff hook should keep, as data: a name and a check that throws. Any test runner runs them.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Equal from "effect/Equal"
import * as Formatter from "effect/Formatter"
import * as Backoff from "../policy/Backoff.ts"
import * as RetryPolicy from "../policy/RetryPolicy.ts"
import { decide, type Decision, fromPolicy, type Plan } from "../run/Decision.ts"
import { errorType } from "../telemetry/RetryEvent.ts"
import { checkAttempts, checkKnown, checkWait, refuse } from "../tools/check.ts"
import { fromInput, type Judgement } from "../verdict/forms.ts"
import type { FailedAttempt } from "../verdict/model.ts"
import type * as RetryOn from "../verdict/RetryOn.ts"
import * as samples from "./samples.ts"

/**
 * A law, for a test of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface Law {
  /** What should be true, as a sentence. */
  readonly name: string
  /** Throws an `Error` that says where it is not. */
  readonly check: () => void
}

/**
 * What you have promised about a policy, for instance to the team whose service you call. Each promise becomes a law.
 *
 * @category models
 * @since 0.1.0
 */
export interface Promises {
  /** How many attempts a run makes at most. */
  readonly attempts?: number | undefined
  /** How long a single wait is at most. */
  readonly wait?: Duration.Input | undefined
  /** How long a run waits in all at most, whatever is drawn. */
  readonly totalWait?: Duration.Input | undefined
}

/**
 * The laws of a policy, with those that come from your promises.
 *
 * **Details**
 *
 * Waits and runs are those of the function that decides in production: with attempts that take no time, some time and
 * nearly all of it, and with random numbers from one end of their range to the other. The laws:
 *
 * - every wait is a finite number of at least 0, also before retry one million
 * - no wait is longer than `waitMax`
 * - no run makes more attempts than `attempts`
 * - every run ends: it is over after 2000 failures at most. Left out where `promises.attempts` is `Infinity`.
 *
 * `RetryPolicy.make` refuses most of what would break them. They are for policies that are put together by hand or by a
 * function of yours, and for promises.
 *
 * **Example** (A promise to another team)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import { RetryTest } from "effect-stamina/testing"
 *
 * const policy = RetryPolicy.make({ attempts: 4, waitMax: "2 seconds" })
 *
 * for (const { check } of RetryTest.laws(policy, { attempts: 4, totalWait: "5 seconds" })) check()
 * for (const { check, name } of RetryTest.laws(policy, { totalWait: "3 seconds" })) {
 *   try {
 *     check()
 *   } catch (error) {
 *     console.log(name, "|", error instanceof Error && error.message)
 *   }
 * }
 * // a run waits at most 3s in all | a run waits at most 3s in all: it may wait 3s 700ms
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const laws = (policy: RetryPolicy.RetryPolicy, promises: Promises = {}): ReadonlyArray<Law> => {
  const plan = fromPolicy(policy)
  const { backoff: { max } } = plan
  return [
    law("every wait is a finite number of at least 0", (broken) => {
      for (const { retryNum, wait } of samples.waits(plan)) {
        if (!isTime(wait)) broken(`retry ${retryNum} waits ${wait} ms`)
      }
    }),
    law("no wait is longer than waitMax", (broken) => {
      for (const { retryNum, wait } of samples.waits(plan)) {
        if (!(wait <= max)) broken(`retry ${retryNum} waits ${wait} ms, more than ${max} ms`)
      }
    }),
    law("no run makes more attempts than allowed", (broken) => {
      const { attempts: most } = policy
      if (!(most >= 1)) broken(`${most} attempts are none`)
      for (const { attempts } of samples.runs(plan, () => true)) {
        if (!(attempts <= most)) broken(`${attempts} attempts, of ${most}`)
      }
    }),
    ...(promises.attempts === Infinity ? [] : [
      law("every run ends", (broken) => {
        for (const { attempts, isOver, steps } of samples.runs(plan, () => true)) {
          if (!isOver) {
            const last = Duration.format(Duration.millis(steps.at(-1)?.failedAt ?? 0))
            broken(`it was still retrying after ${attempts} attempts in ${last}`)
          }
        }
      })
    ]),
    ...ofPromises(policy, promises)
  ]
}

/** After so many retries, waits grow no longer. */
const manyRetries = 2000

const ofPromises = (policy: RetryPolicy.RetryPolicy, promises: Promises): ReadonlyArray<Law> => {
  const caller = "RetryTest.laws"
  checkKnown(caller, promises, ["attempts", "wait", "totalWait"])
  const promised: Array<Law> = []
  if (promises.attempts !== undefined) {
    const most = checkAttempts(caller, promises.attempts, "promises.attempts")
    if (most < Infinity) {
      promised.push(law(`a run makes at most ${most} attempts`, (broken) => {
        const { attempts } = RetryPolicy.bounds(policy)
        if (!(attempts <= most)) broken(`it may make ${attempts}`)
      }))
    }
  }
  if (promises.wait !== undefined) {
    const most = checkWait(caller, promises.wait, "promises.wait")
    promised.push(law(`no wait is longer than ${Duration.format(most)}`, (broken) => {
      const backoff = Backoff.fromPolicy(policy)
      let longest = 0
      for (let retryNum = 1; retryNum < policy.attempts && retryNum <= manyRetries; retryNum++) {
        longest = Math.max(longest, Backoff.longest(backoff, retryNum))
      }
      if (!(longest <= Duration.toMillis(most))) broken(`one may be ${Duration.format(Duration.millis(longest))}`)
    }))
  }
  if (promises.totalWait !== undefined) {
    const most = checkWait(caller, promises.totalWait, "promises.totalWait")
    promised.push(law(`a run waits at most ${Duration.format(most)} in all`, (broken) => {
      const { totalWait } = RetryPolicy.bounds(policy)
      if (!(Duration.toMillis(totalWait) <= Duration.toMillis(most))) {
        broken(`it may wait ${Duration.format(totalWait)}`)
      }
    }))
  }
  return promised
}

/**
 * What holds around an `on` whose laws are checked.
 *
 * @category models
 * @since 0.1.0
 */
export interface LawsOfOptions {
  /** The policy that the `on` is used with. Default: `RetryPolicy.defaults`. */
  readonly policy?: RetryPolicy.RetryPolicy | undefined
  /** How long a wait is at most. Default: the policy's timeout, or its `waitMax` if that is longer. */
  readonly longestWait?: Duration.Input | undefined
}

/**
 * The laws of an `on`, in any of its forms, for sample errors of yours. Give it one error of each kind, with the fields that
 * your backoff hook reads at their odd values: a missing header, a negative number, a date in the past.
 *
 * **Details**
 *
 * - it answers for every error, and what it answers means something: never `NaN`, never an infinite wait
 * - the same error, attempt and draw give the same decision, whatever was asked before: an `on` is shared by all fibers, so
 *   it may keep no count of its own
 * - it leaves the error as it is
 * - no wait is negative, endless or longer than the limit
 * - every run ends: it is over after 2000 failures at most
 *
 * **Example** (A hook that reads a header)
 *
 * ```ts
 * import { RetryTest } from "effect-stamina/testing"
 *
 * interface Refused {
 *   readonly status: number
 *   readonly retryAfter?: string
 * }
 * const on = ({ retryAfter, status }: Refused) => status === 429 && Number(retryAfter) * 1000
 *
 * const errors = [{ status: 404 }, { status: 429, retryAfter: "2" }, { status: 429 }]
 * const [answers] = RetryTest.lawsOf(on, errors)
 * try {
 *   answers?.check()
 * } catch (error) {
 *   console.log(error instanceof Error && error.message.slice(0, 62))
 * }
 * // on answers for every error: attempt 1, Object { "status": 429 }
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const lawsOf = <const O extends RetryOn.AnyOn>(
  on: O,
  errors: ReadonlyArray<NoInfer<RetryOn.ErrorOf<O>>>,
  options: LawsOfOptions = {}
): ReadonlyArray<Law> => {
  const caller = "RetryTest.lawsOf"
  checkKnown(caller, options, ["policy", "longestWait"])
  if (errors.length === 0) return refuse(caller, "errors", "a non-empty array", errors)
  const { judge } = fromInput(caller, on)
  const plan = planOf(options.policy)
  const longest = options.longestWait === undefined
    ? Math.max(plan.timeout, plan.backoff.max)
    : Duration.toMillis(checkWait(caller, options.longestWait, "longestWait"))
  const asked: ReadonlyArray<Asked> = errors.flatMap((error: unknown) =>
    samples.attempts.map((attempt) => ({ error, attempt }))
  )
  return lawsAbout(asked, { judge, longest, plan })
}

/** What laws are checked with. */
interface Checked {
  readonly judge: Judgement["judge"]
  readonly plan: Plan
  /** The longest wait that is allowed, in milliseconds. */
  readonly longest: number
}

const lawsAbout = (asked: ReadonlyArray<Asked>, { judge, longest, plan }: Checked): ReadonlyArray<Law> => {
  const decideOn = ({ attempt, error }: Asked, u: number): Decision =>
    decide(samples.unlimited(plan), {
      attempt: attempt.num,
      elapsed: Duration.toMillis(attempt.elapsed),
      previousWait: attempt.num === 1 ? undefined : Duration.toMillis(attempt.previousWait),
      verdict: judge(error, attempt)
    }, () => u)
  return [
    law("on answers for every error", (broken) => {
      for (const one of asked) {
        try {
          judge(one.error, one.attempt)
        } catch (error) {
          broken(`${about(one)}: ${error instanceof Error ? error.message : Formatter.format(error)}`)
        }
      }
    }),
    law(
      "the same error, attempt and draw give the same decision",
      (broken) => samples.draws.forEach((u) => decideTwice(asked, (one) => decideOn(one, u), broken))
    ),
    law("on leaves the error as it is", (broken) => {
      for (const one of asked) {
        const changed = changedBy(() => judge(one.error, one.attempt), one.error)
        if (changed !== undefined) broken(`${about(one)}: ${String(changed)} has changed`)
      }
    }),
    law(`no wait is longer than ${Duration.format(Duration.millis(longest))}`, (broken) => {
      for (const [one, u] of asked.flatMap((one) => samples.draws.map((u) => [one, u] as const))) {
        const decision = decideOn(one, u)
        if (decision._tag === "Retry" && !(isTime(decision.wait) && decision.wait <= longest)) {
          broken(`${about(one)}: a wait of ${decision.wait} ms`)
        }
      }
    }),
    law("every run ends", (broken) => {
      for (const error of new Set(asked.map(({ error }) => error))) {
        for (const { attempts, isOver } of samples.runs(plan, (attempt) => judge(error, attempt))) {
          if (!isOver) broken(`${nameOf(error)}: still retried after ${attempts} attempts`)
        }
      }
    })
  ]
}

/** The plan of a retry: a default of `waitMax` does not cap what `on` says itself. */
const planOf = (policy: RetryPolicy.RetryPolicy | undefined): Plan =>
  policy === undefined ? { ...fromPolicy(RetryPolicy.defaults), hasOwnWaitMax: false } : fromPolicy(policy)

/** An error and the attempt that failed with it, of which `on` is asked. */
interface Asked {
  readonly error: unknown
  readonly attempt: FailedAttempt
}

const about = ({ attempt, error }: Asked): string => `attempt ${attempt.num}, ${nameOf(error)}`

/** Decides about all, and then again in the opposite order: what is remembered from one to the next shows. */
const decideTwice = (
  asked: ReadonlyArray<Asked>,
  decideOn: (one: Asked) => Decision,
  broken: (what: string) => never
): void => {
  const first = asked.map(decideOn)
  for (const [i, one] of [...asked.entries()].toReversed()) {
    const again = decideOn(one)
    if (!Equal.equals(again, first[i])) {
      broken(`${about(one)}: ${Formatter.format(first[i])}, then ${Formatter.format(again)}`)
    }
  }
}

/** The name of a field of `error` that is another one after `act`; `undefined` if all are the same. */
const changedBy = (act: () => unknown, error: unknown): PropertyKey | undefined => {
  const before = samples.fieldsOf(error)
  act()
  const after = samples.fieldsOf(error)
  return [...after.keys(), ...before.keys()].find((key) => !Object.is(before.get(key), after.get(key)))
}

const isTime = (wait: number): boolean => Number.isFinite(wait) && wait >= 0

/** An error for a message: with its fields, since these are the test's own. */
const nameOf = (error: unknown): string => {
  try {
    return `${errorType(error)} ${Formatter.format(error)}`
  } catch {
    return errorType(error)
  }
}

/** A law whose messages begin with its name. */
const law = (name: string, check: (broken: (what: string) => never) => void): Law => ({
  name,
  check: () =>
    check((what) => {
      throw new Error(`${name}: ${what}`)
    })
})
