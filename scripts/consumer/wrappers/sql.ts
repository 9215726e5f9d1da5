/** What a library makes of `effect-stamina/SqlRetry` alone. */
import type { Duration, Effect } from "effect"
import * as SqlRetry from "effect-stamina/SqlRetry"

type Timeout = Duration.Input | undefined

export const transaction = <const T extends Timeout = undefined>(options?: SqlRetry.Options<undefined, T>) =>
  SqlRetry.transaction({ attempts: 3, ...options })

export const transactionOn = <const T extends Timeout = undefined>(attemptTimeout?: T) =>
  SqlRetry.transaction({ on: "HttpError", attemptTimeout })

export const transactionFirst = <A, E, R, const T extends Timeout = undefined>(
  self: Effect.Effect<A, E, R>,
  options?: SqlRetry.Options<(error: unknown) => boolean, T>
) => SqlRetry.transaction(self, { attempts: 3, ...options })
