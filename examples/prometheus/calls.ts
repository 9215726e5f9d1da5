/**
 * The calls that the service makes, and the dependency that answers them: badly, and by a script.
 */
import { Data, Effect } from "effect"
import { RetryBudget, Stamina } from "effect-stamina"
import type { Ledger } from "./ledger.ts"

class Unavailable extends Data.TaggedError("Unavailable") {}
class Overloaded extends Data.TaggedError("Overloaded") {}
class Rejected extends Data.TaggedError("Rejected") {}

type Answer = "ok" | "unavailable" | "overloaded" | "rejected" | "unavailable, after a while"

/** How a call ends if it needed a retry, in the words of the label `outcome`. */
type Outcome =
  | "recovered"
  | "attempts_exhausted"
  | "timeout_reached"
  | "not_retryable"
  | "interrupted"
  | "budget_exhausted"

export interface Call {
  /** The option `name`, and so the label `callable`. */
  readonly name: string
  /** What the dependency answers, attempt by attempt. */
  readonly answers: (round: number) => ReadonlyArray<Answer>
  /** The waits double from here, in milliseconds. There is no jitter, so that they can be compared to the digit. */
  readonly firstWait: number
  readonly attempts?: number
  readonly timeout?: number
  /** Whoever asked goes away after so many milliseconds. */
  readonly patience?: number
  /** The retry budget of what is called. */
  readonly budget?: RetryBudget.RetryBudget
  /** None: it succeeds or fails at once, and nobody hears of it. */
  readonly outcome: Outcome | undefined
}

export const calls: ReadonlyArray<Call> = [
  {
    name: "fetchUser",
    answers: (round) => [...(["unavailable", "overloaded", "overloaded"] as const).slice(0, 1 + round % 3), "ok"],
    firstWait: 5,
    outcome: "recovered"
  },
  {
    name: "chargeCard",
    answers: () => ["overloaded", "overloaded", "overloaded"],
    firstWait: 5,
    attempts: 3,
    outcome: "attempts_exhausted"
  },
  {
    name: "searchOrders",
    answers: () => ["unavailable", "unavailable, after a while"],
    firstWait: 5,
    timeout: 50,
    outcome: "timeout_reached"
  },
  {
    name: "reserveStock",
    answers: () => ["unavailable", "rejected"],
    firstWait: 5,
    outcome: "not_retryable"
  },
  {
    name: "exportReport",
    answers: () => ["unavailable"],
    firstWait: 2_000,
    patience: 20,
    outcome: "interrupted"
  },
  {
    name: "quoteShipping",
    // what succeeds in between pays for one retry
    answers: (round) => round % 2 === 0 ? ["ok"] : ["unavailable", "unavailable", "unavailable"],
    firstWait: 5,
    budget: RetryBudget.makeUnsafe({ name: "shipping", capacity: 1, refill: 1, whenEmpty: "refuse" }),
    outcome: "budget_exhausted"
  },
  { name: "listPrices", answers: () => ["ok"], firstWait: 5, outcome: undefined },
  { name: "logIn", answers: () => ["rejected"], firstWait: 5, outcome: undefined }
]

/** Makes a call, retried, and writes down what the dependency saw of it. */
export const make = (call: Call, round: number, ledger: Ledger): Effect.Effect<void> => {
  const { attempts, budget, firstWait, name, patience = Infinity, timeout } = call
  const answers = call.answers(round).values()
  const failures: Array<string> = []

  const attempt = Effect.suspend(() => answer(answers.next().value ?? "ok")).pipe(
    Effect.tapError((error) => Effect.sync(() => failures.push(error._tag)))
  )

  return attempt.pipe(
    Stamina.retry({
      on: ["Unavailable", "Overloaded"],
      name,
      attempts,
      timeout,
      budget,
      waitInitial: firstWait,
      waitJitter: 0
    }),
    Effect.timeoutOption(patience),
    Effect.ignore,
    Effect.andThen(Effect.sync(() => ledger.add(call, failures)))
  )
}

/** The dependency. */
const answer = (answer: Answer): Effect.Effect<void, Unavailable | Overloaded | Rejected> => {
  switch (answer) {
    case "ok":
      return Effect.void
    case "unavailable":
      return Effect.fail(new Unavailable())
    case "overloaded":
      return Effect.fail(new Overloaded())
    case "rejected":
      return Effect.fail(new Rejected())
    case "unavailable, after a while":
      return Effect.delay(Effect.fail(new Unavailable()), "80 millis")
  }
}
