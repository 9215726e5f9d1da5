/**
 * Retry budgets of other libraries, on paper: for comparisons with published behaviour.
 */
import type { Budget } from "effect-stamina/PaperRun"

const granted = { _tag: "Granted" } as const
const refused = { _tag: "Refused", reason: "BudgetExhausted" } as const
const nothing = () => {}

/**
 * Finagle's `RetryBudget`: each call adds `share` of a token, which lasts ten seconds, and `perSecond` tokens are there
 * anyhow.
 */
export const finagle = (share: number, perSecond: number) => (): Budget => {
  const slots = Array.from({ length: 10 }, () => 0)
  let slot = 0
  const at = (now: number): void => {
    const current = Math.floor(now / 1000)
    for (let passed = Math.max(slot + 1, current - 9); passed <= current; passed++) slots[passed % 10] = 0
    slot = Math.max(slot, current)
  }
  const add = (tokens: number): void => void (slots[slot % 10]! += tokens)
  return {
    called: (now) => {
      at(now)
      add(share)
    },
    failed: nothing,
    ask: (_, now) => {
      at(now)
      const tokens = slots.reduce((sum, tokens) => sum + tokens, 10 * perSecond)
      if (tokens < 1 - 1e-9) return refused
      add(-1)
      return granted
    },
    succeeded: nothing,
    unused: () => add(1)
  }
}

/** gRPC's retry throttling: a failure takes a token, a success puts `ratio` of one back, and half of `max` must be there. */
export const grpc = (max: number, ratio: number) => (): Budget => {
  let tokens = max
  const add = (change: number): void => {
    tokens = Math.min(max, Math.max(0, tokens + change))
  }
  return {
    called: () => add(ratio),
    failed: ({ attempt }) => add(attempt === 1 ? -1 - ratio : -1),
    ask: () => tokens > max / 2 ? granted : refused,
    succeeded: () => add(ratio),
    unused: nothing
  }
}

/** The quota of AWS's standard mode: 500 tokens, of which a retry takes 14 and a success puts one back. */
export const aws = { capacity: 500 / 14, refill: 1 / 14, whenEmpty: "refuse" } as const
