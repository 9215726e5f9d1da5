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
import { checkFull, complete, given } from "./input.ts"
import type { RetryPolicy } from "./model.ts"
import type { Text } from "./spelling.ts"

/** The config of the policy under `prefix`. The base has the fields whose variables are absent. */
export const make = (prefix: string, base: RetryPolicy): Config.Config<RetryPolicy> => {
  const caller = "RetryPolicy.config"
  const full = checkFull(caller, base)
  return all(variables(caller, prefix)).pipe(
    Config.map((found) => Object.freeze(complete(given(caller, found), full)))
  )
}

/** A value, `undefined` if it is absent, or what is wrong with it. */
export type Variable<A> = Config.Config<Result.Result<A | undefined, SchemaIssue.Issue>>

type Variables = { readonly [K in keyof RetryPolicy]: Variable<RetryPolicy[K]> }

/** The variables of a policy under `prefix`. */
export const variables = (caller: string, prefix: string): Variables => {
  if (typeof prefix !== "string" || prefix === "") return refuse(caller, "prefix", "a non-empty string", prefix)
  return mapFields<Variables>(<K extends keyof RetryPolicy>(name: K, field: Fields[K]) =>
    // the same type, but TypeScript does not look up an unknown name in a mapped type
    variable<RetryPolicy[K]>(field, prefix, name) as Variables[K]
  )
}

/** Reads variables together: one error reports all that are bad. */
export const all = <A extends object>(
  variables: { readonly [K in keyof A]: Variable<A[K]> }
): Config.Config<{ readonly [K in keyof A]: A[K] | undefined }> =>
  Config.all(variables as Readonly<Record<string, Variable<unknown>>>).pipe(Config.mapEffect((results) => {
    const issues = Object.values(results).flatMap((result) => Result.isFailure(result) ? [result.failure] : [])
    const [first, ...rest] = issues
    return first === undefined
      // each variable has the type that its name has in `A`
      ? Effect.succeed(
        Object.fromEntries(
          Object.entries(results).map(([name, result]) => [name, Result.getOrUndefined(result)])
        ) as { readonly [K in keyof A]: A[K] | undefined }
      )
      : Effect.fail(
        new Config.ConfigError(
          new Schema.SchemaError(
            rest.length === 0 ? first : new SchemaIssue.Composite(Schema.Unknown.ast, [first, ...rest])
          )
        )
      )
  }))

/** `WAIT_MAX` for `waitMax`. */
const constantCase = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase()

/**
 * One variable. A bad one becomes a `Result`, so that all bad ones are reported together. A source that cannot be read
 * is an error at once.
 */
export const variable = <A>(field: Spelling<A>, prefix: string, name: string): Variable<A> =>
  Config.schema(text(field), [prefix, constantCase(name)]).pipe(
    Config.map((text): Result.Result<A | undefined, SchemaIssue.Issue> =>
      Result.succeed(field.read(field.fromText(text)))
    ),
    Config.withDefault(Result.succeed(undefined)),
    Config.orElse(({ cause }) =>
      cause._tag === "SchemaError" ? Config.succeed(Result.fail(cause.issue)) : Config.fail(cause)
    )
  )

/** How a variable is written. */
export type Spelling<A> = Pick<Field<A, unknown>, "read" | "rule" | "fromText">

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
