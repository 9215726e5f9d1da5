import { assert, describe, expect, it } from "@effect/vitest"
import { RetryPolicy } from "effect-stamina"
import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import { markdownTable } from "markdown-table"
import { time } from "../../src/tools/Words.ts"
import { publicPolicies } from "./publicPolicies.ts"

describe("the policies of public systems", () => {
  it("are 25 at least, each with its source", () => {
    assert.isAtLeast(publicPolicies.length, 25)
    for (const { source } of publicPolicies) assert.match(source, /^[\w.]+\.\w+\//)
  })

  it.each(publicPolicies.map((one) => [one.system, one] as const))("%s: what is found in it is explained", (_, one) => {
    const found = RetryLint.check(one.policy).map(({ rule }) => rule)
    assert.sameMembers(found, Object.keys(one.findings))
  })

  it("come to what the table beside this test says", async () => {
    const rows = publicPolicies.map(({ findings, policy, says, source, system }) => {
      const { bounds, givesUp, outlasts } = RetryExplanation.explain(policy, {
        latency: 50,
        outage: 10_000,
        runs: 300
      })
      const ten = outlasts.find(({ outage }) => outage === 10_000)
      return [
        system,
        says,
        String(bounds.attempts),
        givesUp === undefined ? "–" : time(Number(givesUp.duration.p50.toPrecision(2))),
        ten === undefined ? "?" : `${Math.round(100 * ten.share)} %`,
        Object.entries(findings).map(([rule, why]) => `\`${rule}\`: ${why}`).join(" ") || "none",
        source
      ]
    })
    const columns = ["system", "says", "attempts at most", "gives up after", "outlasts 10 s", "findings", "source"]
    const table = markdownTable([columns, ...rows], { stringLength: (text) => text.length })
    await expect(
      `# How public systems retry\n\nMade by \`publicPolicies.test.ts\`; half of the runs give up no later, where an attempt takes 50 ms.\n\n${table}\n`
    )
      .toMatchFileSnapshot("publicPolicies.md")
  })

  it("can all be described", () => {
    for (const { policy } of publicPolicies) assert.match(RetryPolicy.describe(policy), /\.$/)
  })
})
