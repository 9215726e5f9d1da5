/**
 * Where a policy is used, as far as the command line says: each part adds findings.
 */
import * as Flag from "effect/cli/Flag"
import * as RetryLint from "../lint/RetryLint.ts"
import * as flags from "./flags.ts"

export const context = {
  attemptTimeout: flags.attemptTimeout,
  deadline: flags.deadline,
  outage: flags.duration("outage", "How long an outage lasts that should be outlasted"),
  otherAttempts: Flag.Int("other-attempts").pipe(
    Flag.withDescription("How often another layer makes each call, above or below (one flag per layer)"),
    Flag.atLeast(0)
  ),
  utilisation: flags.number("utilisation", "The share of the server's capacity in use on a good day, from 0 to 1"),
  budgetedRetries: flags.number(
    "budgeted-retries",
    "How many retries per call a budget grants while everything fails (0 for a RetryBudget)"
  ),
  ignore: Flag.Literals("ignore", RetryLint.rules).pipe(
    Flag.withMetavar("<rule>"),
    Flag.withDescription("A rule that is not checked, because what it finds is meant (one flag per rule)"),
    Flag.atLeast(0)
  )
}

/** The context alone, out of all that a command was given. */
export const toContext = (given: RetryLint.Context): RetryLint.Context => ({
  attemptTimeout: given.attemptTimeout,
  deadline: given.deadline,
  outage: given.outage,
  otherAttempts: given.otherAttempts,
  utilisation: given.utilisation,
  budgetedRetries: given.budgetedRetries,
  ignore: given.ignore
})
