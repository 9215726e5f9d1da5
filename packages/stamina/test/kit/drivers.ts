/**
 * Everything that retries, behind one signature, so that one test body runs over all of it.
 */
import { Duration, Effect, Schedule, Stream } from "effect"
import { Stamina, staminaSchedule } from "effect-stamina"
import * as RetrySchedule from "effect-stamina/RetrySchedule"
import { call } from "./telemetry.ts"

export interface Driver {
  readonly name: string
  /** Builds a retried effect; throws at once when the options are bad. `attempt` is known to some drivers only. */
  readonly build: <E>(
    options: Stamina.RetryOptions<any>,
    block: (attempt: Stamina.Attempt | undefined) => Effect.Effect<string, E>
  ) => Effect.Effect<string, E>
  readonly knowsAttempt: boolean
}

/** The blocks run no hooks; this is how one who composes them would. */
const announcing = <Output, Input>(self: Schedule.Schedule<Output, Input>): Schedule.Schedule<Output, Input> =>
  Schedule.fromStep(Effect.map(Schedule.toStep(self), (step) => {
    let retryNum = 0
    let waited = 0
    return (now, causedBy) =>
      Effect.tap(step(now, causedBy), ([, waitFor]) => {
        const waitedSoFar = Duration.millis(waited)
        const details = {
          _tag: "RetryScheduled" as const,
          name: "",
          retryNum: ++retryNum,
          waitFor,
          waitedSoFar,
          elapsed: Duration.zero,
          attemptTook: Duration.zero,
          attemptsInside: 0,
          attemptsLeft: 0,
          causedBy
        }
        waited += Duration.toMillis(waitFor)
        return Effect.flatMap(
          Stamina.CurrentHooks,
          Effect.forEach((hook) => Effect.scoped(call(hook.onRetryScheduled, details)))
        )
      })
  }))

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
  },
  {
    name: "Stamina.retryStream",
    build: (options, block) =>
      Stream.mkString(Stamina.retryStream(Stream.fromEffect(Effect.suspend(() => block(undefined))), options)),
    knowsAttempt: false
  },
  {
    name: "the blocks of RetrySchedule, composed",
    build: ({ attempts, on, overshoot, timeout, ...backoff }, block) =>
      Effect.retry(
        Effect.suspend(() => block(undefined)),
        RetrySchedule.backoff(backoff).pipe(
          RetrySchedule.retryOn(on),
          RetrySchedule.limit({ attempts, timeout, overshoot }),
          announcing
        )
      ),
    knowsAttempt: false
  }
]
