/**
 * What laws are checked on: random numbers, attempts, and whole runs, the same each time.
 */
import * as Duration from "effect/Duration"
import * as Decision from "../run/Decision.ts"
import type { FailedAttempt, Verdict } from "../verdict/model.ts"

/** Random numbers from one end of their range to the other. */
export const draws: ReadonlyArray<number> = [0, Number.EPSILON, 0.1, 0.25, 0.5, 0.75, 0.9, 1 - Number.EPSILON / 2]

/** Attempts that have failed: the first ones, and one of a run that goes on for long. */
export const attempts: ReadonlyArray<FailedAttempt> = [
  [1, 0, 0],
  [2, 150, 100],
  [3, 1000, 800],
  [10, 30_000, 5000],
  [1000, 4_000_000, 5000]
].map(([num = 0, elapsed = 0, previousWait = 0]) => ({
  num,
  elapsed: Duration.millis(elapsed),
  previousWait: Duration.millis(previousWait)
}))

/** The first retries, and those where numbers grow too large for what they are. */
const retryNums: ReadonlyArray<number> = [...Array.from({ length: 100 }, (_, i) => i + 1), 1024, 1100, 1_000_000]

interface Wait {
  readonly retryNum: number
  readonly wait: number
}

/** Waits of a plan, without its limits; each after a wait like it. */
export const waits = (plan: Decision.Plan): ReadonlyArray<Wait> =>
  draws.flatMap((u) => {
    let previousWait: number | undefined
    return retryNums.map((retryNum) => {
      const failed = { attempt: retryNum, elapsed: 0, verdict: true, previousWait }
      const wait = waitOf(Decision.decide(unlimited(plan), failed, () => u))
      previousWait = wait
      return { retryNum, wait }
    })
  })

/** A plan without its limits: for waits alone, no matter whether a run would come to them. */
export const unlimited = (plan: Decision.Plan): Decision.Plan => ({
  ...plan,
  attempts: Infinity,
  timeout: Infinity,
  overshoot: "allow"
})

/** A plan without limits retries always, but for a wait that is endless. */
const waitOf = (decision: Decision.Decision): number =>
  decision._tag === "Retry" ? decision.wait : decision.refused?.wait ?? NaN

interface PlayedRun {
  readonly attempts: number
  /** Every retry. */
  readonly steps: ReadonlyArray<{ readonly failedAt: number; readonly wait: number }>
  /** Whether it has ended, and not been left at last. */
  readonly isOver: boolean
}

/** Runs in which every attempt fails: with attempts of several lengths, and numbers that stay or alternate. */
export const runs = (
  plan: Decision.Plan,
  judge: (attempt: FailedAttempt) => Verdict
): ReadonlyArray<PlayedRun> => {
  const lengths = plan.timeout === Infinity ? [0, 250] : [0, 250, plan.timeout / 3, plan.timeout * 0.999]
  return lengths.flatMap((length) =>
    [...draws.map((u) => [u]), [0, 1 - Number.EPSILON / 2]].map((numbers) => play(plan, judge, length, numbers))
  )
}

/** After so many attempts it is enough. */
const enough = 2000

const play = (
  plan: Decision.Plan,
  judge: (attempt: FailedAttempt) => Verdict,
  length: number,
  numbers: ReadonlyArray<number>
): PlayedRun => {
  const steps: Array<{ readonly failedAt: number; readonly wait: number }> = []
  let drawn = 0
  let begins = 0
  let previousWait: number | undefined
  for (let attempt = 1; attempt <= enough; attempt++) {
    const failedAt = begins + length
    const decision = Decision.decide(plan, {
      attempt,
      elapsed: failedAt,
      previousWait,
      verdict: judge({
        num: attempt,
        elapsed: Duration.millis(failedAt),
        previousWait: Duration.millis(previousWait ?? 0)
      })
    }, () => numbers[drawn++ % numbers.length] ?? 0)
    if (decision._tag === "Stop") return { attempts: attempt, steps, isOver: true }
    steps.push({ failedAt, wait: decision.wait })
    previousWait = decision.wait
    begins = failedAt + decision.wait
  }
  return { attempts: enough, steps, isOver: false }
}

/** The fields that an error has itself. */
export const fieldsOf = (error: unknown): ReadonlyMap<PropertyKey, unknown> => {
  const fields = new Map<PropertyKey, unknown>()
  if (typeof error !== "object" || error === null) return fields
  try {
    for (const key of Reflect.ownKeys(error)) fields.set(key, Object.getOwnPropertyDescriptor(error, key)?.value)
  } catch {
    // a revoked proxy has none
  }
  return fields
}
