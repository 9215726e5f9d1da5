/**
 * A policy from configuration: one variable for each field.
 *
 * Every variable is looked up by itself and not as a member of a struct: a struct has to find its prefix among the
 * provider's keys, and that of `PAYMENTS_API_ATTEMPTS` is not there, because environment names are split at each `_`.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { refuse } from "../tools/check.ts"
import { type Field, fields, type Text } from "./spelling.ts"
import type { RetryPolicy } from "./model.ts"

/** The config of the policy under `prefix`; a variable that is absent is taken from `defaults`. */
export const make = (prefix: string, defaults: RetryPolicy): Config.Config<RetryPolicy> => {
  if (typeof prefix !== "string" || prefix === "") {
    return refuse("RetryPolicy.config", "prefix", "a non-empty string", prefix)
  }
  return Config.all({
    attempts: variable(fields.attempts, [prefix, "ATTEMPTS"], defaults.attempts),
    timeout: variable(fields.timeout, [prefix, "TIMEOUT"], defaults.timeout),
    waitInitial: variable(fields.waitInitial, [prefix, "WAIT_INITIAL"], defaults.waitInitial),
    waitMax: variable(fields.waitMax, [prefix, "WAIT_MAX"], defaults.waitMax),
    waitJitter: variable(fields.waitJitter, [prefix, "WAIT_JITTER"], defaults.waitJitter),
    waitExpBase: variable(fields.waitExpBase, [prefix, "WAIT_EXP_BASE"], defaults.waitExpBase),
    backoff: variable(fields.backoff, [prefix, "BACKOFF"], defaults.backoff),
    overshoot: variable(fields.overshoot, [prefix, "OVERSHOOT"], defaults.overshoot)
  }).pipe(Config.mapEffect((variables) =>
    Effect.fromResult(Result.mapBoth(Result.all(variables), {
      onSuccess: (policy) => Object.freeze(policy),
      // `Result.all` knows only the first bad variable, a report names all
      onFailure: (first) => {
        const results: ReadonlyArray<Result.Result<unknown, SchemaIssue.Issue>> = Object.values(variables)
        const issues = results.flatMap((result) => Result.isFailure(result) ? [result.failure] : [])
        return new Config.ConfigError(
          new Schema.SchemaError(
            issues.length === 1 ? first : new SchemaIssue.Composite(Schema.Unknown.ast, [first, ...issues.slice(1)])
          )
        )
      }
    }))
  ))
}

/**
 * One variable. That it is bad is a value and not yet an error, so that the others are still looked at; that it could
 * not be read is an error at once.
 */
const variable = <A>(
  field: Spelling<A>,
  path: ReadonlyArray<string>,
  fallback: A
): Config.Config<Result.Result<A, SchemaIssue.Issue>> =>
  Config.schema(text(field), [...path]).pipe(
    Config.map((text) => Result.succeed(field.read(field.fromText(text)) ?? fallback)),
    Config.withDefault(Result.succeed(fallback)),
    Config.orElse(({ cause }) =>
      cause._tag === "SchemaError" ? Config.succeed(Result.fail(cause.issue)) : Config.fail(cause)
    )
  )

type Spelling<A> = Pick<Field<A, unknown>, "read" | "rule" | "fromText">

/**
 * Text that spells the field. Several texts are looked for whatever the field, for a provider that holds them would
 * otherwise look as if it held none, and the default would quietly stand in for them.
 */
const text = (field: Spelling<unknown>): Schema.Codec<Text> =>
  Schema.Union([Schema.String, Schema.Array(Schema.String)]).check(
    Schema.makeFilter((text) =>
      field.read(field.fromText(text)) === undefined
        ? new SchemaIssue.InvalidValue({ expected: field.rule }, text, { reportInput: true })
        : undefined
    )
  )
