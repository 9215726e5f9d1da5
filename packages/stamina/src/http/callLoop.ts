/**
 * The loop of a call: a response may have to be retried like an error, and is cleaned up before the wait.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as engine from "../drive/engine.ts"
import { afterFailure, type Again, attempt, guarded, isAsking, Loop, type Next, waitAndRetry } from "../drive/loop.ts"
import { isOver, lastFailure, ordinal } from "../run/Run.ts"
import * as clock from "../tools/clock.ts"
import { type Call, type Response, responseOf } from "./Call.ts"
import { discard } from "./discard.ts"

/** Makes the attempts of a call, of which `first` is the first. A run begins when that one is no success. */
export const retryCall = <E, R>(
  call: Call,
  first: Effect.Effect<Response, E, R>,
  again: Again<Response, E, R>
): Effect.Effect<Response, E, R> =>
  Effect.withFiber((fiber) => {
    const { admission, spans } = call.settings
    const start = clock.read(fiber)
    const since = ordinal()
    const begin = () => new CallLoop(call, fiber, start, since, again)
    if (admission !== undefined) admission.called(fiber)
    return spans ? attempt(begin(), first) : Effect.matchCauseEffect(first, {
      onFailure: (cause) => afterFailure(begin(), cause),
      onSuccess: (response) => call.rejected === undefined ? Effect.succeed(response) : begin().succeeded(response)
    })
  })

class CallLoop<E, R> extends Loop<Response, E, R> {
  private readonly call: Call

  constructor(
    call: Call,
    fiber: Fiber.Fiber<unknown, unknown>,
    start: clock.Reading,
    since: number,
    again: Again<Response, E, R>
  ) {
    super(call.settings, fiber, start, since, again)
    this.call = call
  }

  override succeeded(response: Response): Effect.Effect<Response, E, R> {
    const { rejected } = this.call
    if (rejected === undefined) return super.succeeded(response)
    const reject = () => this.reject(response, rejected)
    return isAsking(this) ? guarded(this, reject) : reject()
  }

  private reject(response: Response, rejected: engine.Rejected): Effect.Effect<Response, E, R> {
    const goOn = () => isOver(this) ? engine.giveUp(this, this.fiber, Exit.succeed(response)) : waitAndRetry(this)
    const decided = engine.rejected(this, this.fiber, response, rejected)
    return decided === undefined ? goOn() : Effect.flatMap(decided, goOn)
  }

  /** To the span of its attempt, a response that is retried is the error that hooks see. The loop gets the response. */
  override inSpan(attempt: Effect.Effect<Response, E, R>): Effect.Effect<Response, E, R> {
    const { call } = this
    const judged: Effect.Effect<Response, unknown, R> = Effect.tap(
      attempt,
      () => call.rejected === undefined ? Effect.void : Effect.fail(call.rejected.error)
    )
    // an error of the attempt has its type, and that of a response comes no further than here
    const seen = super.inSpan(judged as Effect.Effect<Response, E, R>)
    return Effect.matchCauseEffect(seen, {
      onFailure: (cause) => {
        const error = call.rejected?.error
        const isRejection = error !== undefined &&
          cause.reasons.every((reason) => Cause.isFailReason(reason) && reason.error === error)
        const response = isRejection ? responseOf(error) : undefined
        return response === undefined ? Effect.failCause(cause) : Effect.succeed(response)
      },
      onSuccess: Effect.succeed
    })
  }

  /** What cleans up may die. */
  override waitThen(next: Next<Response, E, R>): Effect.Effect<Response, E, R> {
    return Effect.matchCauseEffect(engine.wait(this, this.fiber), {
      onFailure: (cause) => afterFailure(this, cause),
      onSuccess: next
    })
  }

  override sleep(): Effect.Effect<void> {
    const response = responseOf(lastFailure(this)?.error)
    return response === undefined ? super.sleep() : Effect.andThen(discard(response), () => super.sleep())
  }
}
