import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { links } from "../src/model/examples.ts"
import { herdFields, policyFields, useFields } from "../src/model/fields.ts"
import * as link from "../src/model/link.ts"
import { initial, type State } from "../src/model/state.ts"

/** Any text that a field may hold: not one of blanks alone, and whole, as what is typed is. */
const text = Schema.NonEmptyString.check(
  Schema.makeFilter((text) => text.trim() !== "" && !/\p{Surrogate}/u.test(text))
)

const texts = (fields: ReadonlyArray<{ readonly key: string }>) =>
  Schema.Struct(Object.fromEntries(fields.map(({ key }) => [key, Schema.optionalKey(text)])))

const states = Schema.Struct({
  first: texts(policyFields),
  second: texts(policyFields),
  isPair: Schema.Boolean,
  setting: texts([...useFields, ...herdFields])
})

describe("a link", () => {
  it.prop("says all that was typed, whatever that is", [states], ([{ first, isPair, second, setting }]) => {
    const state: State = { policies: isPair ? [first, second] : [first], setting }
    const hash = link.write(state)
    expect(hash).toMatch(/^[\w.=&+%*-]*$/)
    const fields = [first, ...(isPair ? [second] : []), setting].flatMap((texts) => Object.keys(texts)).length
    expect(link.read(`#${hash}`)).toEqual({ state, problems: [], fields })
  })

  it("of the default policy is empty", () => {
    expect(link.write(initial)).toBe("")
    for (const hash of ["", "#"]) expect(link.read(hash)).toEqual({ state: initial, problems: [], fields: 0 })
  })

  it("can be written by hand", () => {
    expect(link.read("#attempts=5&timeout=10 seconds&compare=yes&b.backoff=equal&deadline=1+minute").state).toEqual({
      policies: [{ attempts: "5", timeout: "10 seconds" }, { backoff: "equal" }],
      setting: { deadline: "1 minute" }
    })
  })

  it.each([
    ["of another page", "#/docs/policy", "It holds \"/docs/policy\", where field=value should be."],
    ["with a field that nobody knows", "#atempts=5", "It names \"atempts\", which is no field of this page."],
    [
      "with a field of two policies that there is once",
      "#b.deadline=5",
      "It names \"b.deadline\", which is no field of this page."
    ],
    ["with a field of Object", "#__proto__=5", "It names \"__proto__\", which is no field of this page."],
    ["that says a field twice", "#attempts=5&attempts=6", "It says \"attempts\" more than once."],
    ["with a field that says nothing", "#attempts=", "It says nothing of \"attempts\"."],
    [
      "that is cut off",
      "#attempts=5&timeout=10%2",
      "It holds \"timeout=10%2\", which is not encoded as addresses are."
    ],
    ["that compares in another way", "#compare=no", "Of compare, it can say nothing but \"yes\", and it says \"no\"."],
    ["with half of a comparison", "#b.attempts=5", "It has fields of a second policy, but does not say compare=yes."]
  ])("%s is refused", (_, hash, problem) => {
    expect(link.read(hash).problems).toEqual([problem])
  })

  it("is shown short where it is long", () => {
    expect(link.read(`#${"x".repeat(10_000)}=1`).problems[0]?.length).toBeLessThan(120)
  })

  it("among the examples can be read", () => {
    for (const { hash } of links) expect(link.read(hash).problems).toEqual([])
  })
})
