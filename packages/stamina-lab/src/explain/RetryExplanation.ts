/**
 * All that can be said of a policy before it runs, as one piece of data and as text.
 *
 * @since 0.1.0
 */
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as RetryLint from "../lint/RetryLint.ts"
import * as RetrySimulation from "../simulate/RetrySimulation.ts"
import { checkPolicy } from "../tools/check.ts"
import { checkMillis } from "../tools/numbers.ts"
import { percent, range, time } from "../tools/Words.ts"

/**
 * Where a policy is used: what `RetryLint.check` takes, and how long calls take.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context extends RetryLint.Context {
  /** How many calls are simulated. Default 10 000, or 1000 if one can make more than 1000 attempts. */
  readonly runs?: number | undefined
  /** The seed of all random numbers. Default 1. */
  readonly seed?: number | undefined
}

/**
 * What a policy does. Times are in milliseconds. Encodes to JSON as it stands: no number in it is infinite.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation {
  /** The policy in a sentence: `RetryPolicy.describe`. */
  readonly sentence: string
  /** The worst case: `RetryPolicy.bounds`. */
  readonly bounds: { readonly attempts: number | "unlimited"; readonly totalWait: number | "unlimited" }
  /** The first 20 retries: `RetryPolicy.preview`. */
  readonly retries: ReadonlyArray<Retry>
  /** How a run ends if every attempt fails; undefined if it makes more than 1000 attempts. */
  readonly givesUp: GivesUp | undefined
  /** The share of runs that outlast an outage, for outages of several lengths, as far as it is known. */
  readonly outlasts: ReadonlyArray<{ readonly outage: number; readonly share: number }>
  /** What may be wrong with it: `RetryLint.check`. */
  readonly findings: ReadonlyArray<RetryLint.Finding>
}

/**
 * One retry: when it begins, and the wait before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retry {
  /** 1 = the first retry. */
  readonly retryNum: number
  readonly shortest: number
  readonly longest: number
  readonly startsFrom: number
  readonly startsTo: number
}

/**
 * How a run ends if every attempt fails.
 *
 * @category models
 * @since 0.1.0
 */
export interface GivesUp {
  /** How long a run takes. */
  readonly duration: RetrySimulation.Quantiles
  /** How many attempts it makes. */
  readonly attempts: RetrySimulation.Quantiles
  /** The share of runs that give up for each reason. */
  readonly reasons: RetrySimulation.Simulated["reasons"]
}

/**
 * Explains a policy: in a sentence, retry by retry, how its runs end where nothing recovers, which outages they outlast,
 * and what may be wrong with it.
 *
 * **Details**
 *
 * The same policy and context give the same explanation everywhere. It takes about 20 ms, for 10 000 simulated runs.
 *
 * **Gotchas**
 *
 * Throws a `RangeError` when a field of the policy or something in the context is out of range or unknown.
 *
 * **Example** (The default policy)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
 *
 * const { findings, givesUp, outlasts } = RetryExplanation.explain(RetryPolicy.defaults, { latency: "50 millis" })
 *
 * console.log(givesUp?.attempts.max, givesUp?.reasons) // 10 { AttemptsExhausted: 1 }
 * console.log(outlasts.filter(({ share }) => share === 1).map(({ outage }) => outage)) // [ 100, 1000, 5000, 10000 ]
 * console.log(findings.map(({ rule, severity }) => `${severity}: ${rule}`)) // [ 'info: jitter-lost-at-cap' ]
 * ```
 *
 * @category explaining
 * @since 0.1.0
 */
export const explain = (policy: RetryPolicy.RetryPolicy, context: Context = {}): Explanation => {
  const checked = checkPolicy("RetryExplanation.explain", policy)
  const { attempts, totalWait } = RetryPolicy.bounds(checked)
  const { latency = 0, runs = attempts > 1000 ? 1000 : 10_000, seed, ...rest } = context
  const findings = RetryLint.check(checked, { ...rest, latency: context.latency })
  const { attemptTimeout, deadline } = rest
  const always = RetrySimulation.run(checked, { latency, attemptTimeout, deadline, runs, seed })
  return {
    sentence: RetryPolicy.describe(checked),
    bounds: { attempts: finite(attempts), totalWait: finite(Duration.toMillis(totalWait)) },
    retries: RetryPolicy.preview(checked, { latency: typical(latency), attemptTimeout, deadline }).map((retry) => ({
      retryNum: retry.retryNum,
      shortest: Duration.toMillis(retry.shortest),
      longest: Duration.toMillis(retry.longest),
      startsFrom: Duration.toMillis(retry.startsFrom),
      startsTo: Duration.toMillis(retry.startsTo)
    })),
    givesUp: always.unfinished > 0 ? undefined : {
      duration: RetrySimulation.quantiles(always.duration),
      attempts: RetrySimulation.quantiles(always.attempts),
      reasons: Object.fromEntries(Object.entries(always.reasons).map(([reason, runs]) => [reason, runs / always.runs]))
    },
    outlasts: outagesOf(context)
      // what comes after the attempts that were looked at is not known
      .filter((outage) => always.unfinished === 0 || outage <= always.lastChance.min)
      .map((outage) => ({ outage, share: RetrySimulation.outlast(always, outage) })),
    findings
  }
}

const finite = (number: number): number | "unlimited" => number === Infinity ? "unlimited" : number

/** How long an attempt takes in half of the cases. */
const typical = (latency: RetrySimulation.Latency): Duration.Input =>
  Predicate.hasProperty(latency, "median") ? latency.median : latency

/** The outages that are looked at: some that are common, and the one in question. */
const outagesOf = ({ outage }: Context): ReadonlyArray<number> => {
  const common = [100, 1000, 5000, 10_000, 30_000, 60_000, 300_000]
  if (outage === undefined) return common
  const asked = checkMillis("RetryExplanation.explain", outage, "outage")
  return [...new Set([...common, asked])].toSorted((a, b) => a - b)
}

/**
 * An explanation as text, in lines of any length. The wording may change between versions.
 *
 * **Example** (What a policy does, for people)
 *
 * ```ts
 * import { RetryPolicy } from "effect-stamina"
 * import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
 *
 * const policy = RetryPolicy.make({ attempts: 3, waitJitter: 0 })
 *
 * console.log(RetryExplanation.text(RetryExplanation.explain(policy)))
 * // At most 3 attempts, no retry once 45s have passed; waits start at 100ms, double each time and never exceed 5s: at most 300ms of waiting in all.
 * //
 * // Retry 1 waits 100ms and begins after 100ms.
 * // Retry 2 waits 200ms and begins after 300ms.
 * //
 * // Where nothing recovers, it gives up after 300ms.
 * // Of outages of 100ms, it outlasts 100 %; of 1s, 0 %.
 * //
 * // warning no-jitter: No wait depends on chance: clients that fail at the same moment come back at the same moments. Try {"backoff":"equal","attempts":4}.
 * // info window-short: All waits together take at most 300ms: retries help against a single bad reply, not against an outage that lasts longer.
 * ```
 *
 * @category explaining
 * @since 0.1.0
 */
export const text = (explanation: Explanation): string => {
  const parts = [
    [explanation.sentence],
    explanation.retries.map(retryText),
    [givesUpText(explanation), ...outlastsText(explanation)],
    explanation.findings.map(findingText)
  ]
  return parts.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")
}

const retryText = ({ longest, retryNum, shortest, startsFrom, startsTo }: Retry): string =>
  `Retry ${retryNum} waits ${range(shortest, longest)} and begins after ${range(startsFrom, startsTo)}.`

const givesUpText = ({ givesUp }: Explanation): string => {
  const start = "Where nothing recovers, it"
  if (givesUp === undefined) return `${start} makes more than 1000 attempts.`
  const { max, p50, p90, p99 } = givesUp.duration
  return time(p50) === time(max)
    ? `${start} gives up after ${time(max)}.`
    : `${start} gives up after ${time(p50)} (half of the runs), ${time(p90)} (90 %), ${time(p99)} (99 %), ${
      time(max)
    } (longest seen).`
}

/** Outages up to the first that no run outlasts. */
const outlastsText = ({ outlasts }: Explanation): ReadonlyArray<string> => {
  const end = outlasts.findIndex(({ share }) => share === 0)
  const shares = (end === -1 ? outlasts : outlasts.slice(0, end + 1))
    .map(({ outage, share }, i) =>
      `${i === 0 ? "Of outages of" : "of"} ${time(outage)}, ${i === 0 ? "it outlasts " : ""}${percent(share)}`
    )
  return shares.length === 0 ? [] : [`${shares.join("; ")}.`]
}

const findingText = ({ fix, message, rule, severity }: RetryLint.Finding): string =>
  `${severity} ${rule}: ${message}${fix === undefined ? "" : ` Try ${JSON.stringify(fix)}.`}`
