/**
 * Checks the options of `DurableRetry.retry`, once.
 */
import * as Duration from "effect/Duration"
import type { AdmittedOptions } from "../drive/model.ts"
import { fromRetryOptions, retryFields, type Settings } from "../drive/settings.ts"
import type { RetryReport } from "../telemetry/RetryReport.ts"
import { checkEither, checkKnown, checkWait, refuse } from "../tools/check.ts"
import type { LostAttempts, OnGiveUp, Options } from "./model.ts"

/** Checked options. */
export interface DurableSettings {
  readonly settings: Settings
  /** The longest wait that is slept in memory, in milliseconds. */
  readonly holdWaitsUpTo: number
  readonly lostAttempts: LostAttempts
  readonly onGiveUp: ((error: unknown, report: RetryReport) => unknown) | undefined
}

/** Any options, whatever their types say. */
export type AnyOptions =
  & Options<unknown, Duration.Input | undefined, LostAttempts | undefined>
  & OnGiveUp<never, unknown>

/** How long a wait is slept in memory by default, in milliseconds. */
const defaultHold = 10_000

const fields = [
  ...retryFields.filter((field) => !["spans", "resetAfter", "attemptsInAll"].includes(field)),
  "holdWaitsUpTo",
  "lostAttempts",
  "onGiveUp"
]

const checkLost = checkEither("repeat", "count")

export const fromOptions = (caller: string, options: AnyOptions): DurableSettings => {
  checkKnown(caller, options, fields)
  const { holdWaitsUpTo = defaultHold, lostAttempts = "repeat", onGiveUp, ...rest } = options
  if (onGiveUp !== undefined && typeof onGiveUp !== "function") {
    return refuse(caller, "onGiveUp", "a function", onGiveUp)
  }
  return {
    settings: fromRetryOptions(caller, rest satisfies AdmittedOptions<unknown>),
    holdWaitsUpTo: Duration.toMillis(checkWait(caller, holdWaitsUpTo, "holdWaitsUpTo")),
    lostAttempts: checkLost(caller, lostAttempts, "lostAttempts"),
    // it is called with the errors of the activity only, as its type says
    onGiveUp: onGiveUp as DurableSettings["onGiveUp"]
  }
}
