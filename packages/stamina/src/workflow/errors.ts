/**
 * The errors that a durable retry adds to those of its activity, as schemas: a workflow that lets them out names them in
 * its own error schema.
 *
 * @stability unstable
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Core from "../verdict/attemptTimedOut.ts"

/** What {@link AttemptLost} extends. */
const AttemptLostBase: Schema.Class<
  AttemptLost,
  Schema.TaggedStruct<"AttemptLost", { readonly attempt: typeof Schema.Int }>,
  Cause.YieldableError
> = Schema.TaggedError<AttemptLost>()("AttemptLost", { attempt: Schema.Int })

/**
 * The error of an attempt that began and whose outcome was never recorded, where `lostAttempts` is `"count"`: its process
 * died, the engine interrupted it, or the storage was away when it ended. Whether the other side has done the work is
 * unknown. It is retried whatever `on` says, within the limits, and comes out if it is the last.
 *
 * @category errors
 * @since 0.1.0
 */
export class AttemptLost extends AttemptLostBase {
  override get message(): string {
    return `attempt ${this.attempt} began, and its outcome was never recorded`
  }
}

/**
 * The schema of `Stamina.AttemptTimedOut`, the error of an attempt that took longer than `attemptTimeout`. A workflow that
 * lets this error out names the schema among its errors.
 *
 * @category errors
 * @since 0.1.0
 */
export const AttemptTimedOut: Schema.Codec<
  Core.AttemptTimedOut,
  { readonly _tag: "AttemptTimedOut"; readonly attempt: number; readonly after: number }
> = Schema.TaggedStruct("AttemptTimedOut", { attempt: Schema.Int, after: Schema.Finite }).pipe(
  Schema.decodeTo(
    Schema.instanceOf(Core.AttemptTimedOut),
    SchemaTransformation.transform({
      decode: ({ after, attempt }) => new Core.AttemptTimedOut({ attempt, after: Duration.millis(after) }),
      encode: ({ after, attempt }) => ({
        _tag: "AttemptTimedOut" as const,
        attempt,
        after: Duration.toMillis(after)
      })
    })
  )
)
