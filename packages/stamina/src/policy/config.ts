/**
 * A policy from configuration: one variable for each field.
 *
 * Every variable is looked up by itself, not as a member of a struct. A struct must find its prefix among the provider's
 * keys, and the prefix of `PAYMENTS_API_ATTEMPTS` is not there, because environment names are split at each `_`.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { refuse } from "../tools/check.ts"
import { type Field, type Fields, mapFields } from "./fields.ts"
import { defaults, type RetryPolicy } from "./PolicyModel.ts"
import type { Text } from "./spelling.ts"

/** The config of the policy under `prefix`. An absent variable means the default. */
export const make = (prefix: string): Config.Config<RetryPolicy> => {
  if (typeof prefix !== "string" || prefix === "") {
    return refuse("RetryPolicy.config", "prefix", "a non-empty string", prefix)
  }
  return Config.all(
    mapFields<Variables>(<K extends keyof RetryPolicy>(name: K, field: Fields[K]) =>
      // the same type, but TypeScript does not look up an unknown name in a mapped type
      variable<RetryPolicy[K]>(field, [prefix, constantCase(name)], defaults[name]) as Variables[K]
    )
  ).pipe(Config.mapEffect((variables) =>
    Effect.fromResult(Result.mapBoth(Result.all(variables), {
      onSuccess: (policy) => Object.freeze(policy),
      // `Result.all` keeps only the first bad variable, but the report must name all
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

type Variable<A> = Config.Config<Result.Result<A, SchemaIssue.Issue>>

type Variables = { readonly [K in keyof RetryPolicy]: Variable<RetryPolicy[K]> }

/** `WAIT_MAX` for `waitMax`. */
const constantCase = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase()

/**
 * One variable. A bad one becomes a `Result`, so that all bad ones are reported together. A source that cannot be read
 * is an error at once.
 */
const variable = <A>(
  field: Spelling<A>,
  path: ReadonlyArray<string>,
  fallback: A
): Variable<A> =>
  Config.schema(text(field), [...path]).pipe(
    Config.map((text) => Result.succeed(field.read(field.fromText(text)) ?? fallback)),
    Config.withDefault(Result.succeed(fallback)),
    Config.orElse(({ cause }) =>
      cause._tag === "SchemaError" ? Config.succeed(Result.fail(cause.issue)) : Config.fail(cause)
    )
  )

type Spelling<A> = Pick<Field<A, unknown>, "read" | "rule" | "fromText">

/**
 * Text that spells the field. Every field accepts a list of texts here, so that a list in the wrong place is reported.
 * Otherwise the provider would seem to have no value, and the default would silently replace it.
 */
const text = (field: Spelling<unknown>): Schema.Codec<Text> =>
  Schema.Union([Schema.String, Schema.Array(Schema.String)]).check(
    Schema.makeFilter((text) =>
      field.read(field.fromText(text)) === undefined
        ? new SchemaIssue.InvalidValue({ expected: field.rule }, text, { reportInput: true })
        : undefined
    )
  )
