/**
 * Activities of Effect's workflow engine, known by their mark alone: the core must not load `effect/workflow`.
 */
import * as Predicate from "effect/Predicate"

/** Whether a value is an activity. */
export const isActivity = (value: unknown): boolean => Predicate.hasProperty(value, "~effect/workflow/Activity")
