/**
 * Where a policy comes from: an argument, standard input, a file, or the environment.
 */
import { RetryPolicy } from "effect-stamina"
import * as Argument from "effect/cli/Argument"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { variableOf } from "../tools/Words.ts"
import { Misuse } from "./failures.ts"
import * as flags from "./flags.ts"

/** The part of a command line that says where the policy is. */
export const source = {
  policy: Argument.String("policy").pipe(
    Argument.withDescription("The policy in JSON, as in '{\"attempts\":5}'; - reads it from standard input"),
    Argument.optional,
    Argument.map(Option.getOrUndefined)
  ),
  file: flags.text("file", "<path>", "Read the policy from a JSON file"),
  at: flags.text("at", "<keys>", "Where in the JSON the policy is, as in payments.retry"),
  env: flags.text("env", "<prefix>", "Read the policy from environment variables, as RetryPolicy.config does")
}

export interface Source {
  readonly policy: string | undefined
  readonly file: string | undefined
  readonly at: string | undefined
  readonly env: string | undefined
}

/** Reads the policy. */
export const read = Effect.fnUntraced(function*({ at, env, file, policy }: Source) {
  const given = [policy, file, env].filter((place) => place !== undefined).length
  if (given === 0) {
    return yield* new Misuse({
      message: "No policy. Give one as JSON ('{}' is the default policy), as - for standard input, with --file or --env"
    })
  }
  if (given > 1) return yield* new Misuse({ message: "Give one policy: as JSON, with --file, or with --env" })
  if (env !== undefined) {
    if (at !== undefined) return yield* new Misuse({ message: "--at is for JSON, and not for --env" })
    return yield* fromEnvironment(env)
  }
  const { name, text } = yield* textOf(policy, file)
  const value = yield* parse(name, text)
  const found = at === undefined ? value : yield* find(name, value, at)
  return yield* Effect.mapError(
    Schema.decodeUnknownEffect(RetryPolicy.Schema)(found),
    ({ message }) => new Misuse({ message: `${at === undefined ? name : `${name}, ${at}`}: ${message}` })
  )
})

const textOf = Effect.fnUntraced(function*(policy: string | undefined, file: string | undefined) {
  if (file !== undefined) {
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(
      fs.readFileString(file),
      ({ reason }) => new Misuse({ message: `${file}: cannot be read: ${reason._tag}` })
    )
    return { name: file, text }
  }
  if (policy !== "-") return { name: "policy", text: policy ?? "" }
  const { stdin } = yield* Stdio.Stdio
  const text = yield* Effect.mapError(
    Stream.mkString(Stream.decodeText(stdin)),
    ({ message }) => new Misuse({ message: `standard input: ${message}` })
  )
  return { name: "standard input", text }
})

const parse = (name: string, text: string): Effect.Effect<unknown, Misuse> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (error) =>
      new Misuse({
        message: `${name}: not JSON: ${error instanceof Error ? error.message : String(error)}`
          + (name === "policy" && text.endsWith(".json") ? `. To read a file: --file ${text}` : "")
      })
  })

/** Objects, and lists, whose keys are numbers. */
const hasKeys = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const find = Effect.fnUntraced(function*(name: string, json: unknown, at: string) {
  let value = json
  const above: Array<string> = []
  for (const key of at.split(".")) {
    if (!hasKeys(value) || !Object.hasOwn(value, key)) {
      const place = above.length === 0 ? name : `${name}, ${above.join(".")}`
      if (!hasKeys(value)) return yield* new Misuse({ message: `${place}: not an object, so it has no ${key}` })
      const keys = Object.keys(value).join(", ")
      return yield* new Misuse({
        message: `${place}: no ${key === "" ? "empty key" : key} there, ${
          keys === "" ? "nor any other key" : `only ${keys}`
        }`
      })
    }
    value = value[key]
    above.push(key)
  }
  return value
})

const fromEnvironment = Effect.fnUntraced(function*(prefix: string) {
  if (prefix === "") return yield* new Misuse({ message: "--env needs the prefix of the variables, such as PAYMENTS" })
  const provider = yield* ConfigProvider.ConfigProvider
  const variables = Object.keys(RetryPolicy.defaults).map((field) => variableOf(prefix, field))
  const values = yield* Effect.orDie(
    Config.all(variables.map((name) => Config.option(Config.String(name)))).parse(provider)
  )
  // without any, it would be the default policy, and a misspelt prefix would go unnoticed
  if (values.every(Option.isNone)) {
    return yield* new Misuse({ message: `No variable is set of ${variables.join(", ")}` })
  }
  return yield* Effect.mapError(
    RetryPolicy.config(prefix).parse(provider),
    // variables by their names, and not as a path
    ({ cause }) =>
      new Misuse({
        message: cause.message.replace(/(?:\["[^"\]]+"\])+/g, (path) => path.slice(2, -2).replaceAll("\"][\"", "_"))
      })
  )
})
