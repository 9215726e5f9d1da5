/**
 * Wrapping functions and methods, for `retried`.
 */
import * as Predicate from "effect/Predicate"
import { refuse } from "./check.ts"

/** Gives a wrapper the name and length of the function that it wraps. */
export const named = <F extends object>(
  wrapper: F,
  { length, name }: { readonly length: number; readonly name: string }
): F =>
  Object.defineProperties(wrapper, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true }
  })

/** A decorator on anything but a method would otherwise be ignored silently. */
export const checkMethod = (caller: string, context: unknown): void => {
  if (Predicate.hasProperty(context, "kind") && context.kind !== "method") {
    refuse(caller, "what is decorated", "a method", context.kind)
  }
}
