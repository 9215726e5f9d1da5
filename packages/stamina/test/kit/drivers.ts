/**
 * Everything that retries, behind one signature, so that one test body runs over all of it.
 */
import { Effect } from "effect"
import { type Attempt, type RetryOptions, Stamina, staminaSchedule } from "effect-stamina"

export interface Driver {
  readonly name: string
  /** Builds a retried effect; throws at once when the options are bad. `attempt` is known to some drivers only. */
  readonly build: <E>(
    options: RetryOptions.RetryOptions<any>,
    block: (attempt: Attempt.Attempt | undefined) => Effect.Effect<string, E>
  ) => Effect.Effect<string, E>
  readonly knowsAttempt: boolean
}

export const drivers: ReadonlyArray<Driver> = [
  {
    name: "Effect.retry(staminaSchedule)",
    build: (options, block) => Effect.retry(Effect.suspend(() => block(undefined)), staminaSchedule(options)),
    knowsAttempt: false
  },
  {
    name: "Stamina.retry",
    build: (options, block) => Stamina.retry(Effect.suspend(() => block(undefined)), options),
    knowsAttempt: false
  },
  {
    name: "Stamina.retry, piped",
    build: (options, block) => {
      const retry = Stamina.retry(options)
      return retry(Effect.suspend(() => block(undefined)))
    },
    knowsAttempt: false
  },
  {
    name: "Stamina.retryContext",
    build: (options, block) => Stamina.retryContext(options, block),
    knowsAttempt: true
  },
  {
    name: "Stamina.retried",
    build: (options, block) => Stamina.retried(options)(block)(undefined),
    knowsAttempt: false
  }
]
