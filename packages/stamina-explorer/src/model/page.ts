/**
 * All that follows from the state at once: policies or faults, the setting or faults, and what the linter and the preview
 * say. What takes longer is left to the worker.
 */
import type { Finding } from "effect-stamina-lab/RetryLint"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Job } from "../work/job.ts"
import type { PolicyKey } from "./fields.ts"
import * as ofPolicy from "./policy.ts"
import * as ofSetting from "./setting.ts"
import type { SettingKey, State } from "./state.ts"

export interface Page {
  readonly policies: ReadonlyArray<Result.Result<Known, ofPolicy.Faults<PolicyKey>>>
  readonly setting: Result.Result<ofSetting.Setting, ofPolicy.Faults<SettingKey>>
  /** What the worker is to do; undefined if something has to be mended first. */
  readonly jobs: ReadonlyArray<Job> | undefined
}

/** What is known of a policy at once. */
export interface Known extends ofPolicy.Written {
  readonly shortest: RetryPolicy.Encoded
  readonly sentence: string
  readonly bounds: RetryPolicy.Bounds
  /** Undefined if the setting has faults. */
  readonly used: Used | undefined
}

export interface Used {
  readonly retries: ReadonlyArray<RetryPolicy.PreviewedRetry>
  /** Whether more retries than these can happen. */
  readonly hasMore: boolean
  readonly findings: ReadonlyArray<Finding>
}

export const read = (state: State): Page => {
  const setting = ofSetting.read(state.setting)
  const policies = state.policies.map((texts) => Result.map(ofPolicy.read(texts), (written) => known(written, setting)))
  return { policies, setting, jobs: jobsOf(policies, setting) }
}

const known = (written: ofPolicy.Written, setting: Page["setting"]): Known => ({
  ...written,
  shortest: ofPolicy.shortest(written.encoded),
  sentence: RetryPolicy.describe(written.policy),
  bounds: RetryPolicy.bounds(written.policy),
  used: Result.isFailure(setting) ? undefined : used(written.policy, setting.success)
})

/** How many retries are listed. */
const mostRetries = 20

const used = (policy: RetryPolicy.RetryPolicy, setting: ofSetting.Setting): Used => {
  const { attemptTimeout, deadline, latency } = setting.use
  const retries = RetryPolicy.preview(policy, {
    latency: typical(setting),
    attemptTimeout,
    deadline,
    retries: mostRetries + 1
  })
  return {
    retries: retries.slice(0, mostRetries),
    hasMore: retries.length > mostRetries,
    findings: RetryLint.check(policy, { ...setting.context, latency })
  }
}

/** How long an attempt takes in half of the cases. */
const typical = ({ use: { latency = 0 } }: ofSetting.Setting): Duration.Input =>
  Predicate.hasProperty(latency, "median") ? latency.median : latency

const jobsOf = (policies: Page["policies"], setting: Page["setting"]): Page["jobs"] => {
  if (Result.isFailure(setting)) return undefined
  const { context: { outage }, herd, use } = setting.success
  const jobs = policies.flatMap((policy) =>
    Result.isFailure(policy) ? [] : [{
      policy: policy.success.encoded,
      use,
      outage: outage === undefined ? undefined : Duration.toMillis(outage),
      herd
    }]
  )
  return jobs.length === policies.length ? jobs : undefined
}
