/**
 * What marks doors and budgets: for those who are handed one, and need no more of it.
 */
import * as Predicate from "effect/Predicate"

const doorTypeId = "~effect-stamina/Door"

const budgetTypeId = "~effect-stamina/RetryBudget"

export const isDoor = (value: unknown): boolean => Predicate.hasProperty(value, doorTypeId)

export const isRetryBudget = (value: unknown): boolean => Predicate.hasProperty(value, budgetTypeId)
