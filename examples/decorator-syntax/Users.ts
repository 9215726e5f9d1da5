/**
 * `Stamina.retried` as a method decorator, in the standard (stage 3) syntax.
 */
import { Data, Effect } from "effect"
import { Stamina } from "effect-stamina"

export class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

export class Users {
  readonly base = "/users"
  calls = 0

  @Stamina.retried({ on: "HttpError", attempts: 3, waitInitial: "5 millis", waitJitter: 0 })
  find(id: number): Effect.Effect<string, HttpError> {
    return ++this.calls < 3 ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed(`GET ${this.base}/${id}`)
  }

  // @ts-expect-error - a tag that the method cannot fail with does not compile
  @Stamina.retried({ on: "HtpError" })
  remove(id: number): Effect.Effect<void, HttpError> {
    return Effect.asVoid(this.find(id))
  }
}
