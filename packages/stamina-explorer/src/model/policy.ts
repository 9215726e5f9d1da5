/**
 * From the texts of a policy to the policy, and back. The library's schema reads them, and has the last word.
 */
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { policyFields, type PolicyKey } from "./fields.ts"
import type { PolicyTexts, Texts } from "./state.ts"

/** What is wrong with each field, in the words of the check that refused it. */
export type Faults<Key extends string> = Texts<Key>

/** A policy, as a value and as it is written. */
export interface Written {
  readonly policy: RetryPolicy.RetryPolicy
  /** With all fields. */
  readonly encoded: RetryPolicy.Encoded
}

/** The schema where every value is a text, as in configuration: `unlimited`, `10 seconds`, `20%`, `1 second, 5 seconds`. */
const texts = Schema.toCodecStringTree(RetryPolicy.Schema)

const decode = Schema.decodeUnknownResult(texts)
export const encode = Schema.encodeSync(RetryPolicy.Schema)
const fromJson = Schema.decodeUnknownSync(RetryPolicy.Schema)

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Reads the texts of a policy. */
export const read = (typed: PolicyTexts): Result.Result<Written, Faults<PolicyKey>> => {
  const trimmed = Object.fromEntries(Object.entries(typed).map(([key, text]) => [key, text.trim()]))
  return decode(trimmed).pipe(
    Result.map(written),
    Result.mapError((error) => {
      const { issues } = issuesOf(error.issue)
      return Object.fromEntries(policyFields.flatMap(({ key }) => {
        const messages = issues.filter(({ path }) => path?.[0] === key).map(({ message }) => message)
        return messages.length === 0 ? [] : [[key, messages.join(" ")]]
      }))
    })
  )
}

const written = (policy: RetryPolicy.RetryPolicy): Written => ({ policy, encoded: encode(policy) })

/**
 * The shortest JSON that is read as the same policy. A field may not go because it has its default: a `waitMax` of
 * 5 seconds beside a `waitInitial` of 10 is not what its absence would mean.
 */
export const shortest = (encoded: RetryPolicy.Encoded): RetryPolicy.Encoded => {
  const whole = JSON.stringify(encoded)
  const means = (json: RetryPolicy.Encoded): boolean => JSON.stringify(encode(fromJson(json))) === whole
  return policyFields.reduce<RetryPolicy.Encoded>((json, { key }) => {
    const { [key]: _, ...others } = json
    return means(others) ? others : json
  }, encoded)
}

/** The text of a value, as it is typed. */
export const textOf = (value: RetryPolicy.Encoded[PolicyKey]): string =>
  Array.isArray(value) ? value.join(", ") : String(value)

/** The texts with a fix of the linter applied: they are read as `RetryPolicy.make({ ...policy, ...fix })`. */
export const fixed = (typed: PolicyTexts, { policy }: Written, fix: RetryPolicy.Input): PolicyTexts => {
  const wanted = encode(RetryPolicy.make({ ...policy, ...fix }))
  const write = (texts: PolicyTexts, keys: ReadonlyArray<PolicyKey>): PolicyTexts => ({
    ...texts,
    ...Object.fromEntries(keys.map((key) => [key, textOf(wanted[key])]))
  })
  const changed = write(typed, policyFields.map(({ key }) => key).filter((key) => fix[key] !== undefined))
  // an empty field may follow others
  const now = Result.getOrThrow(read(changed)).encoded
  return write(
    changed,
    policyFields.map(({ key }) => key).filter((key) => JSON.stringify(now[key]) !== JSON.stringify(wanted[key]))
  )
}
