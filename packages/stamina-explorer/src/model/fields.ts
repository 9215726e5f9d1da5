/**
 * The fields of the page, a row each: what they are called, and how they are explained. What they may hold is the
 * library's business.
 */
import * as RetryBudget from "effect-stamina/RetryBudget"
import { type RetryPolicy, shapeNames } from "effect-stamina/RetryPolicy"

/** A field of the page. Its value is a text, as it was typed; an empty one is absent. */
export interface Field<Key extends string = string> {
  readonly key: Key
  readonly label: string
  readonly hint: string
  /** What an empty field stands for. */
  readonly empty: string
  /** The texts to choose from, if there are few. Another text is kept, with the message of the check that refuses it. */
  readonly choices?: ReadonlyArray<string>
  /** What the last choice is called that opens a field for a text of one's own. */
  readonly own?: string
}

export type PolicyKey = keyof RetryPolicy

/** Every field of a policy; one that is missing does not compile. */
const ofPolicy: { readonly [K in PolicyKey]: Omit<Field, "key"> } = {
  attempts: {
    label: "attempts",
    hint: "Calls in all, the first one included, or unlimited.",
    empty: "10"
  },
  timeout: {
    label: "timeout",
    hint: "No retry once so long has passed since the first call. Or unlimited.",
    empty: "45 seconds"
  },
  overshoot: {
    label: "overshoot",
    hint: "Whether a wait may begin that would end past the timeout.",
    empty: "allow",
    choices: ["allow", "refuse"]
  },
  backoff: {
    label: "backoff",
    hint: "How waits grow, and how chance changes them.",
    empty: "additive",
    choices: shapeNames,
    own: "a list of waits"
  },
  waitInitial: {
    label: "waitInitial",
    hint: "The wait before the first retry, without jitter.",
    empty: "100 millis"
  },
  waitExpBase: {
    label: "waitExpBase",
    hint: "The factor from one wait to the next.",
    empty: "2"
  },
  waitJitter: {
    label: "waitJitter",
    hint: "The most that chance adds, or a percentage both ways: 20%.",
    empty: "1 second"
  },
  waitMax: {
    label: "waitMax",
    hint: "The longest wait, jitter included.",
    empty: "5 seconds"
  }
}

const rows = <Key extends string>(table: Readonly<Record<Key, Omit<Field, "key">>>): ReadonlyArray<Field<Key>> =>
  // the keys of `table` are of type `Key`, as its type says
  (Object.keys(table) as Array<Key>).map((key) => ({ key, ...table[key] }))

export const policyFields: ReadonlyArray<Field<PolicyKey>> = rows(ofPolicy)

const ofUse = {
  latency: {
    label: "latency",
    hint: "How long an attempt takes; half of them, where p99 is given.",
    empty: "0"
  },
  latencyP99: {
    label: "latency, p99",
    hint: "What 99 of 100 attempts do not exceed. Latencies are then log-normal.",
    empty: "as above"
  },
  attemptTimeout: {
    label: "attemptTimeout",
    hint: "How long one attempt may take, here and in the herd.",
    empty: "no limit"
  },
  deadline: {
    label: "deadline",
    hint: "How long the caller waits for the whole run.",
    empty: "none"
  },
  outage: {
    label: "outage",
    hint: "How long an outage lasts that should be outlasted.",
    empty: "not said"
  },
  otherAttempts: {
    label: "otherAttempts",
    hint: "How often other layers make each call: a number for each layer, as in 3, 2.",
    empty: "none"
  },
  utilisation: {
    label: "utilisation",
    hint: "The share of the server's capacity in use on a good day, from 0 to 1.",
    empty: "not said"
  },
  budgetedRetries: {
    label: "budgetedRetries",
    hint: "Retries per call that a budget grants while everything fails: 0 for a RetryBudget.",
    empty: "no budget"
  },
  ignore: {
    label: "ignore",
    hint: "Rules that are not checked, separated by commas.",
    empty: "none"
  },
  runs: {
    label: "runs",
    hint: "How many calls are simulated, up to 10 000 000.",
    empty: "10000"
  },
  seed: {
    label: "seed",
    hint: "Where the random numbers begin. The same seed gives the same figures.",
    empty: "1"
  }
} as const satisfies Record<string, Omit<Field, "key">>

export type UseKey = keyof typeof ofUse

/** Where the policy is used. */
export const useFields: ReadonlyArray<Field<UseKey>> = rows(ofUse)

const ofHerd = {
  clients: {
    label: "clients",
    hint: "How many clients there are, up to 1 000 000.",
    empty: "1000"
  },
  rate: {
    label: "rate",
    hint: "herd: all call once, at time 0. Or calls per second of each client, at random.",
    empty: "herd"
  },
  capacity: {
    label: "capacity",
    hint: "How many attempts the server serves per second.",
    empty: "200"
  },
  queue: {
    label: "queue",
    hint: "How many attempts may wait at the server; it refuses more.",
    empty: "no limit"
  },
  skipsAbandoned: {
    label: "skipsAbandoned",
    hint: "Whether the server passes over attempts that nobody waits for.",
    empty: "no",
    choices: ["no", "yes"]
  },
  trouble: {
    label: "trouble",
    hint: "What is wrong with the server for a while.",
    empty: "refuses",
    choices: ["refuses", "hangs", "slow", "none"]
  },
  troubleFrom: {
    label: "trouble from",
    hint: "When it begins.",
    empty: "0"
  },
  troubleLasts: {
    label: "trouble lasts",
    hint: "How long it lasts.",
    empty: "20 seconds"
  },
  factor: {
    label: "factor",
    hint: "What is left of the capacity of a slow server, up to 1.",
    empty: "0.5"
  },
  chance: {
    label: "failures",
    hint: "The probability that an attempt fails though it was served.",
    empty: "0"
  },
  budgetCapacity: {
    label: "budget capacity",
    hint: "The most tokens that the budget can hold, such as 50: a number, or one that follows the traffic.",
    empty: "10, or 3 seconds of traffic"
  },
  budgetRefill: {
    label: "budget refill",
    hint: "What a call that succeeds at once puts back, from 0 to 1.",
    empty: String(RetryBudget.defaultRefill)
  },
  whenEmpty: {
    label: "whenEmpty",
    hint: "What a retry does that finds no token: it waits for one, or its call gives up.",
    empty: "wait",
    choices: ["wait", "refuse"]
  },
  sharedBudget: {
    label: "sharedBudget",
    hint: "Whether all clients share one budget, or each has its own.",
    empty: "yes",
    choices: ["yes", "no"]
  },
  lasts: {
    label: "lasts",
    hint: "How long is simulated.",
    empty: "1 minute"
  },
  step: {
    label: "step",
    hint: "The width of a step of time in the figure.",
    empty: "500 millis"
  }
} as const satisfies Record<string, Omit<Field, "key">>

export type HerdKey = keyof typeof ofHerd

/** The clients that call one server, and what is wrong with it. */
export const herdFields: ReadonlyArray<Field<HerdKey>> = rows(ofHerd)
