import { assert, describe, it } from "@effect/vitest"
import { RetryPolicy } from "effect-stamina"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as Schema from "effect/Schema"

const decode = Schema.decodeUnknownSync(RetryPolicy.Schema)

describe("RetryLint.explain", () => {
  it.each(RetryLint.rules)(
    "%s has an example in which the rule finds something, by the severity that it names",
    (rule) => {
      const { example, severity } = RetryLint.explain(rule)
      const found = RetryLint.check(decode(example.policy), example.context).find((one) => one.rule === rule)
      assert.isDefined(found)
      assert.include(severity, found?.severity)
    }
  )

  it("refuses what is no rule, and names the rules", () => {
    // a mistake that TypeScript would find
    const rule = "no-jiter" as RetryLint.Rule
    assert.throws(
      () => RetryLint.explain(rule),
      RangeError,
      /^RetryLint\.explain: rule must be one of single-attempt, .*got "no-jiter"$/
    )
  })
})
