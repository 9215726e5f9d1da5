/**
 * What an attempt fails with that took longer than it may.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"

/** What `AttemptTimedOut` extends; apart, since an exported class must not extend a call. */
const TaggedError: new(args: { readonly attempt: number; readonly after: Duration.Duration }) =>
  & Cause.YieldableError
  & { readonly _tag: "AttemptTimedOut"; readonly attempt: number; readonly after: Duration.Duration } = Data
    .TaggedError("AttemptTimedOut")

/**
 * What an attempt fails with that took longer than the option `attemptTimeout` allows, or than the deadline around it
 * left. It is retried whatever `on` says, and comes out if it is the last.
 *
 * @category errors
 * @since 0.1.0
 */
export class AttemptTimedOut extends TaggedError {
  override get message(): string {
    return `attempt ${this.attempt} took longer than ${Duration.format(this.after)}`
  }
}
