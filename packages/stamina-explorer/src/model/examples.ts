/**
 * Links to begin with.
 */
import { write } from "./link.ts"
import { initial, type State } from "./state.ts"

const examples: ReadonlyArray<{ readonly title: string; readonly state: State }> = [
  { title: "the default policy", state: initial },
  {
    title: "additive or equal jitter",
    state: { policies: [{}, { attempts: "13", backoff: "equal" }], setting: { outage: "20 seconds" } }
  },
  {
    title: "a policy with mistakes",
    state: { policies: [{ attempts: "50", timeout: "45", waitJitter: "0" }], setting: { deadline: "10 seconds" } }
  },
  {
    title: "a server that hangs under load",
    state: {
      policies: [{}],
      setting: {
        attemptTimeout: "1 second",
        utilisation: "0.7",
        clients: "20",
        rate: "7",
        trouble: "hangs",
        troubleFrom: "10 seconds",
        troubleLasts: "10 seconds",
        sharedBudget: "no",
        lasts: "2 minutes",
        step: "1 second"
      }
    }
  }
]

/** Each with its hash. */
export const links: ReadonlyArray<{ readonly title: string; readonly hash: string }> = examples.map((
  { state, title }
) => ({ title, hash: `#${write(state)}` }))
