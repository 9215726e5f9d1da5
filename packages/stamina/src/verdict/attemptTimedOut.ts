/**
 * The error of an attempt that took too long.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { type Tagged, tagged } from "../tools/tagged.ts"

/** What {@link AttemptTimedOut} extends. */
const AttemptTimedOutBase: Tagged<
  "AttemptTimedOut",
  { readonly attempt: number; readonly after: Duration.Duration }
> = /*#__PURE__*/ tagged("AttemptTimedOut")

/**
 * The error of an attempt that took longer than the option `attemptTimeout` allows. It is retried unless `on`
 * names it and says no, and comes out if it is the last.
 *
 * @category errors
 * @since 0.1.0
 */
export class AttemptTimedOut extends AttemptTimedOutBase {
  override get message(): string {
    return `attempt ${this.attempt} took longer than ${Duration.format(this.after)}`
  }
}
