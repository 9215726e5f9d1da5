/**
 * Flags that several commands have.
 */
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** A flag that may be left out. */
const optional = <A>(flag: Flag.Flag<A>, description: string): Flag.Flag<A | undefined> =>
  flag.pipe(Flag.withDescription(description), Flag.optional, Flag.map(Option.getOrUndefined))

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

/** The milliseconds of a duration as policies write it in JSON (`10 seconds`, `250`), or in short (`10s`, `1.5m`). */
const toMillis = (text: string): Option.Option<number> => {
  const [, number, unit = "ms"] = /^(\d+(?:\.\d+)?) ?(ms|s|min|m|h)?$/.exec(text) ?? []
  const factor = units[unit]
  return number === undefined || factor === undefined
    // text of any form: what is not a duration gives none
    ? Option.map(Duration.fromInput(text as Duration.Input), Duration.toMillis)
    : Option.some(Number(number) * factor)
}

export const duration = (name: string, description: string): Flag.Flag<number | undefined> =>
  optional(
    Flag.String(name).pipe(
      Flag.withMetavar("<duration>"),
      Flag.filterMap(toMillis, () => "a duration such as 10s, \"1.5 minutes\" or 250 (milliseconds)")
    ),
    description
  )

export const number = (name: string, description: string): Flag.Flag<number | undefined> =>
  optional(Flag.Finite(name), description)

export const integer = (name: string, description: string): Flag.Flag<number | undefined> =>
  optional(Flag.Int(name), description)

export const text = (name: string, metavar: string, description: string): Flag.Flag<string | undefined> =>
  optional(Flag.String(name).pipe(Flag.withMetavar(metavar)), description)

export const oneOf = <const A extends ReadonlyArray<string>>(
  name: string,
  values: A,
  description: string
): Flag.Flag<A[number] | undefined> => optional(Flag.Literals(name, values), description)

export const toggle = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDescription(description), Flag.withDefault(false))

export const json = toggle("json", "Print JSON, with times in milliseconds")

export const attemptTimeout = duration("attempt-timeout", "How long one attempt may take")

export const deadline = duration("deadline", "How long the caller waits for the whole run")

export const seed = integer("seed", "The seed of all random numbers (default: 1)")

/** A retry budget, as `RetryBudget.make` takes it. */
export const budget = {
  budget: toggle("budget", "Limit retries by a budget: by default 50 tokens, of which each success puts back 0.2"),
  budgetCapacity: number("budget-capacity", "A budget of so many tokens"),
  budgetRefill: number("budget-refill", "A budget that gets so much of a token back for each success, from 0 to 1")
}

/** The options of a budget, if there is one. */
export const toBudget = (flags: {
  readonly budget: boolean
  readonly budgetCapacity: number | undefined
  readonly budgetRefill: number | undefined
}): { readonly capacity: number | undefined; readonly refill: number | undefined } | undefined =>
  flags.budget || flags.budgetCapacity !== undefined || flags.budgetRefill !== undefined
    ? { capacity: flags.budgetCapacity, refill: flags.budgetRefill }
    : undefined
