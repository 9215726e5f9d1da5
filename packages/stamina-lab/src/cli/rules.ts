/**
 * The rules of the linter, as text.
 */
import * as RetryLint from "../lint/RetryLint.ts"
import { type Screen, wrap } from "./screen.ts"

/** A rule in a few paragraphs; or all of them, a line or two each. */
export const rules = (rule: RetryLint.Rule | undefined, screen: Screen): string =>
  rule === undefined
    ? RetryLint.rules.map((rule) => summary(rule, screen)).join("\n")
    : [
      summary(rule, screen),
      wrap(`Why: ${RetryLint.explain(rule).why}`, screen.width, "  "),
      `Example: ${command(RetryLint.explain(rule))}`,
      wrap(`When to ignore: ${RetryLint.explain(rule).ignore}`, screen.width, "  ")
    ].join("\n")

const summary = (rule: RetryLint.Rule, { paint, width }: Screen): string => {
  const { finds, severity } = RetryLint.explain(rule)
  return paint("blue", rule) + wrap(`${rule} (${severity}): ${finds}`, width, "  ").slice(rule.length)
}

/** The command that shows the example. */
const command = ({ example: { context = {}, policy } }: RetryLint.RuleText): string => {
  // a list is a flag for each of its values
  const flags = Object.entries(context).flatMap(([name, value]) =>
    [value].flat().map((one) => ` --${name.replace(/[A-Z]/g, "-$&").toLowerCase()} ${JSON.stringify(one)}`)
  )
  return `stamina lint '${JSON.stringify(policy)}'${flags.join("")}`
}
