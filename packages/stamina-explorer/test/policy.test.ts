import { describe, expect, it } from "@effect/vitest"
import { Equal } from "effect"
import { RetryPolicy } from "effect-stamina"
import type { Fix } from "effect-stamina-lab/RetryLint"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { policyFields } from "../src/model/fields.ts"
import { encode, fixed, read, shortest, textOf } from "../src/model/policy.ts"
import type { PolicyTexts } from "../src/model/state.ts"

const decode = Schema.decodeUnknownSync(RetryPolicy.Schema)
const policyOf = (texts: PolicyTexts) => Result.getOrThrow(read(texts))

const textsOf = (policy: RetryPolicy.RetryPolicy): PolicyTexts => {
  const encoded = encode(policy)
  return Object.fromEntries(policyFields.map(({ key }) => [key, textOf(encoded[key])]))
}

describe("the texts of a policy", () => {
  it("that are not there are those of the defaults", () => {
    expect(policyOf({}).policy).toEqual(RetryPolicy.defaults)
    expect(policyFields.map(({ empty, key }) => [key, empty])).toEqual(
      policyFields.map(({ key }) => [key, textOf(encode(RetryPolicy.defaults)[key])])
    )
  })

  it.prop("can be any policy", [RetryPolicy.Schema], ([policy]) => {
    expect(Equal.equals(policyOf(textsOf(policy)).policy, policy)).toBe(true)
  })

  it("may have blanks around them", () => {
    expect(policyOf({ attempts: " 5 ", backoff: " 1 second,  2 seconds " }).encoded).toMatchObject({
      attempts: 5,
      backoff: ["1 second", "2 seconds"]
    })
  })

  it.each(
    [
      ["attempts", "0"],
      ["attempts", "many"],
      ["timeout", "0"],
      ["timeout", "ten seconds"],
      ["overshoot", "maybe"],
      ["backoff", "sideways"],
      ["waitInitial", "-1"],
      ["waitExpBase", "e"],
      ["waitJitter", "200%"],
      ["waitMax", "unlimited"]
    ] as const
  )("that are no %s, such as %s, have the message of the schema", (key, text) => {
    const json = /^-?\d+$/.test(text) ? Number(text) : text
    const message = Result.match(Schema.decodeUnknownResult(RetryPolicy.Schema)({ [key]: json }), {
      onFailure: (error) => error.message.split("\n")[0],
      onSuccess: () => "none"
    })
    expect(read({ [key]: text })).toEqual(Result.fail({ [key]: message }))
  })

  it("have all their faults at once", () => {
    expect(Object.keys(Result.flip(read({ attempts: "0", waitMax: "x", backoff: "," })).pipe(Result.getOrThrow)))
      .toEqual(["attempts", "backoff", "waitMax"])
  })
})

describe("the shortest JSON", () => {
  it.prop("is read as the same policy", [RetryPolicy.Schema], ([policy]) => {
    expect(Equal.equals(decode(shortest(encode(policy))), policy)).toBe(true)
  })

  it("says nothing of what is as by default", () => {
    expect(shortest(encode(RetryPolicy.defaults))).toEqual({})
    expect(shortest(encode(RetryPolicy.make({ attempts: 5, waitMax: 5000 })))).toEqual({ attempts: 5 })
  })

  it("says a default where its absence would mean something else", () => {
    const policy = RetryPolicy.make({ waitInitial: "10 seconds", waitMax: "5 seconds" })
    expect(shortest(encode(policy))).toEqual({ waitInitial: "10 seconds", waitMax: "5 seconds" })
    expect(shortest(encode(RetryPolicy.make({ waitInitial: "10 seconds" })))).toEqual({ waitInitial: "10 seconds" })
  })
})

describe("a fix", () => {
  it.prop("makes the policy that the linter means, and silences its rule", [RetryPolicy.Schema], ([policy]) => {
    const texts = textsOf(policy)
    for (const { fix, rule } of RetryLint.check(policy)) {
      if (fix === undefined) continue
      const mended = policyOf(fixed(texts, policyOf(texts), fix)).policy
      expect(Equal.equals(mended, RetryPolicy.make({ ...policy, ...fix }))).toBe(true)
      expect(RetryLint.check(mended).map((finding) => finding.rule)).not.toContain(rule)
    }
  })

  it("changes no other field, also where an empty one would follow it", () => {
    const texts = { waitInitial: "1 milli" }
    const fix: Fix = { waitInitial: 10_000 }
    expect(fixed(texts, policyOf(texts), fix)).toEqual({ waitInitial: "10 seconds", waitMax: "5 seconds" })
    expect(fixed({ attempts: "50 " }, policyOf({ attempts: "50" }), { backoff: "equal" })).toEqual({
      attempts: "50 ",
      backoff: "equal"
    })
  })
})
