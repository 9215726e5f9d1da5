/**
 * Checks the options of `HttpRetry.retry`, once.
 */
import type * as Duration from "effect/Duration"
import * as RetryBudget from "../budget/RetryBudget.ts"
import { fromRetryOptions, retryFields, type Settings } from "../drive/settings.ts"
import { checkBoolean, checkKnown, checkMaxHint, refuse } from "../tools/check.ts"
import { isName } from "../tools/errors.ts"
import * as idempotency from "./idempotency.ts"
import type { Options } from "./model.ts"
import { originOf, type Target } from "./place.ts"
import { statuses as defaultStatuses } from "./statuses.ts"

/** Checked options. */
export interface HttpSettings<out Classify, in Request> {
  /** Without a `judge` that makes sense. */
  readonly settings: Settings
  readonly statuses: ReadonlySet<number>
  readonly methods: ReadonlySet<string>
  /** Statuses by which the server says that it has not processed the request. */
  readonly notProcessed: ReadonlySet<number>
  readonly idempotencyKey: boolean
  readonly idempotencyHeader: string
  /** In milliseconds. */
  readonly maxHint: number
  readonly attemptHeader: string | undefined
  /** The budget of a request, or the key of one of those around; `undefined` for none. */
  readonly budgetOf: (request: Request) => RetryBudget.RetryBudget | string | undefined
  readonly holdFirst: boolean
  readonly readBody: boolean
  readonly classify: Classify | undefined
}

/** The longest wait that a server may ask for by default, in milliseconds. */
export const defaultMaxHint = 60_000

/** The options of clients, whatever types their functions have. */
export interface ClientOptions<out Classify, in Request>
  extends Omit<Options<Duration.Input | undefined, boolean>, "classify" | "budget">
{
  readonly budget?:
    | RetryBudget.RetryBudget
    | ((request: Request) => RetryBudget.RetryBudget | string)
    | "none"
    | undefined
  readonly classify?: Classify | undefined
}

export const fromOptions = <Classify, Request extends Target>(
  caller: string,
  options: ClientOptions<Classify, Request>
): HttpSettings<Classify, Request> => {
  checkKnown(caller, options, [...retryFields.filter((field) => field !== "on"), ...httpFields])
  const {
    attemptHeader,
    budget,
    classify: override,
    holdFirst = false,
    idempotencyHeader = idempotency.keyHeader,
    idempotencyKey = false,
    maxHint = defaultMaxHint,
    methods = idempotency.methods,
    notProcessed = [],
    readBody = false,
    statuses = defaultStatuses,
    ...policy
  } = options
  if (attemptHeader !== undefined) checkHeader(caller, attemptHeader, "attemptHeader")
  if (override !== undefined && typeof override !== "function") {
    return refuse(caller, "classify", "a function", override)
  }
  const settings = fromRetryOptions(caller, { ...policy, on: () => false })
  return {
    settings: { ...settings, on: undefined, looksAtAttempts: false, namesTimeouts: true },
    statuses: new Set([...checkStatuses(caller, statuses), ...checkStatuses(caller, notProcessed, "notProcessed")]),
    notProcessed: new Set(notProcessed),
    methods: new Set(checkMethods(caller, methods).map((method) => method.toUpperCase())),
    idempotencyKey: checkBoolean(caller, idempotencyKey, "idempotencyKey"),
    idempotencyHeader: checkHeader(caller, idempotencyHeader, "idempotencyHeader"),
    maxHint: checkMaxHint(caller, maxHint),
    attemptHeader,
    budgetOf: checkBudget(caller, budget),
    holdFirst: checkBoolean(caller, holdFirst, "holdFirst"),
    readBody: checkBoolean(caller, readBody, "readBody"),
    classify: override
  }
}

const httpFields: ReadonlyArray<keyof Options> = [
  "statuses",
  "methods",
  "notProcessed",
  "idempotencyKey",
  "idempotencyHeader",
  "maxHint",
  "attemptHeader",
  "readBody",
  "holdFirst",
  "classify"
]

const checkBudget = (caller: string, budget: unknown): HttpSettings<unknown, Target>["budgetOf"] => {
  if (budget === undefined) return originOf
  if (budget === "none") return () => undefined
  if (RetryBudget.isRetryBudget(budget)) return () => budget
  if (typeof budget !== "function") {
    return refuse(caller, "budget", "a RetryBudget, a function from a request to one or to a key, or \"none\"", budget)
  }
  return (request) => {
    const found: unknown = budget(request)
    return RetryBudget.isRetryBudget(found) || isName(found)
      ? found
      : refuse(caller, `budget(${request.method} ${originOf(request)})`, "a RetryBudget or a key", found)
  }
}

/** What RFC 9110 allows in the names of methods and headers. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const checkHeader = (caller: string, value: unknown, field: string): string =>
  typeof value === "string" && token.test(value) ? value : refuse(caller, field, "the name of a header", value)

const checkStatuses = (caller: string, value: ReadonlyArray<unknown>, field = "statuses"): ReadonlyArray<number> =>
  Array.isArray(value) && value.every((status) => Number.isInteger(status) && status >= 200 && status <= 599)
    ? value
    : refuse(caller, field, "an array of statuses from 200 to 599", value)

const checkMethods = (caller: string, value: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  Array.isArray(value) && value.every((method) => typeof method === "string" && token.test(method))
    ? value
    : refuse(caller, "methods", "an array of methods", value)
