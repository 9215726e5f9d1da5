/** What a library makes of `effect-stamina/HttpRetry` alone. */
import type { Duration } from "effect"
import * as HttpRetry from "effect-stamina/HttpRetry"
import type { HttpClient } from "effect/http"

type Timeout = Duration.Input | undefined

export const retry = <const T extends Timeout = undefined, const B extends boolean = false>(
  options?: HttpRetry.Options<T, B>
) => HttpRetry.retry({ attempts: 3, ...options })

export const retryFirst = <E, R, const T extends Timeout = undefined, const B extends boolean = false>(
  client: HttpClient.HttpClient.With<E, R>,
  options?: HttpRetry.Options<T, B>
) => HttpRetry.retry(client, { attempts: 3, ...options })
