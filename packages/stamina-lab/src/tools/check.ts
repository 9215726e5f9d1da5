/**
 * The rules for what users pass in. They have the form of the library's own: `<function>: <field> must be <rule>, got
 * <value>`.
 */
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Formatter from "effect/Formatter"
import * as Predicate from "effect/Predicate"

/** Throws the one kind of error that bad options get. */
export const refuse = (caller: string, field: string, rule: string, value: unknown): never => {
  throw new RangeError(`${caller}: ${field} must be ${rule}, got ${Formatter.format(value)}`)
}

/** Returns a value that keeps a rule. */
export const refuseUnless = <A>(keeps: boolean, caller: string, field: string, rule: string, value: A): A =>
  keeps ? value : refuse(caller, field, rule, value)

/** Refuses a field that nobody reads. */
export const checkKnown = (caller: string, options: object, known: ReadonlyArray<string>): void => {
  if (!Predicate.isObject(options)) refuse(caller, "options", "an object", options)
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    throw new RangeError(`${caller}: unknown option ${Formatter.format(unknown)}, known are ${known.join(", ")}`)
  }
}

/** Calls a function of the library, and lets its `RangeError` name the caller, and the field as the caller calls it. */
export const onBehalfOf = <A>(caller: string, call: () => A, rename: (message: string) => string = (it) => it): A => {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RangeError(`${caller}: ${rename(error.message.replace(/^[\w.]+: /, ""))}`)
  }
}

/** Checks a policy that is looked at: one that was spread by hand may have any value in any field. */
export const checkPolicy = (caller: string, policy: RetryPolicy.RetryPolicy): RetryPolicy.RetryPolicy => {
  if (policy === RetryPolicy.defaults) return policy
  const fields = Object.keys(RetryPolicy.defaults) as Array<keyof RetryPolicy.RetryPolicy> // its type has no others
  if (!Predicate.isObject(policy) || fields.some((field) => policy[field] === undefined)) {
    return refuse(caller, "policy", "a policy with all fields, as RetryPolicy.make makes it", policy)
  }
  const own = Object.fromEntries(fields.map((field) => [field, policy[field]]))
  return onBehalfOf(caller, () => RetryPolicy.make(own))
}
