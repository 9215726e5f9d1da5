/**
 * The rule for hooks that users pass in.
 */
import * as Predicate from "effect/Predicate"
import { refuse } from "../tools/check.ts"
import type { RetryHook } from "./RetryHook.ts"

const listeners: ReadonlyArray<string> = [
  "onRetryScheduled",
  "onRetryDeferred",
  "onRecovered",
  "onGaveUp",
  "onInterrupted"
]

/** That of hooks of this library, which users pass on. */
const own = "onRetryBegan"

/** A misspelt listener would never be called, and one that is not a function would end as a report at debug level. */
export const checkHooks = (caller: string, hooks: unknown): ReadonlyArray<RetryHook> => {
  if (!Array.isArray(hooks)) return refuse(caller, "hooks", "an array of hooks", hooks)
  for (const hook of hooks) {
    if (!Predicate.isObject(hook)) return refuse(caller, "a hook", "an object with listeners", hook)
    for (const key of Object.keys(hook)) {
      if (!key.startsWith("on")) continue
      if (key !== own && !listeners.includes(key)) {
        return refuse(caller, "a listener", `one of ${listeners.join(", ")}`, key)
      }
      const listener: unknown = Reflect.get(hook, key)
      if (listener !== undefined && typeof listener !== "function") refuse(caller, key, "a function", listener)
    }
  }
  return hooks
}
