/**
 * Outcomes of attempts as JSON, by the schemas of the activity.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Activity from "effect/workflow/Activity"
import { AttemptLost, AttemptTimedOut } from "./errors.ts"

/** An activity whose types do not matter; what its schemas need of services, the type of the retry says. */
export type AnyActivity = Activity.Activity<Schema.Codec<unknown, unknown>, Schema.Codec<unknown, unknown>>

/** Writes and reads what attempts came to. What does not fit its schema is a defect, as in any activity. */
export interface Coding {
  readonly writeValue: (value: unknown) => Effect.Effect<Schema.Json>
  readonly readValue: (json: Schema.Json) => Effect.Effect<unknown>
  /** The cause in JSON, and the cause that this is: another one, with a defect, if an error does not fit. */
  readonly writeCause: (cause: Cause.Cause<unknown>) => Effect.Effect<Written>
  readonly readCause: (json: Schema.Json) => Effect.Effect<Cause.Cause<unknown>>
}

interface Written {
  readonly json: Schema.Json
  readonly cause: Cause.Cause<unknown>
}

export const codingOf = ({ errorSchema, successSchema }: AnyActivity): Coding => {
  const errors = Schema.Union([errorSchema, AttemptTimedOut, AttemptLost])
  const value = jsonOf(successSchema)
  const cause = jsonOf(Schema.Cause(errors, Schema.Defect()))
  const writeCause = Schema.encodeEffect(cause)
  return {
    writeValue: (self) => Effect.orDie(Schema.encodeEffect(value)(self)),
    readValue: (json) => Effect.orDie(Schema.decodeEffect(value)(json)),
    writeCause: (cause) =>
      writeCause(cause).pipe(
        Effect.map((json) => ({ json, cause })),
        Effect.catch((defect) => {
          const unfit = Cause.die(defect)
          return Effect.map(Effect.orDie(writeCause(unfit)), (json) => ({ json, cause: unfit }))
        })
      ),
    readCause: (json) => Effect.orDie(Schema.decodeEffect(cause)(json))
  }
}

/** `toCodecJson` makes JSON of anything, but its type says less. */
const jsonOf = <A>(schema: Schema.Codec<A, unknown>): Schema.Codec<A, Schema.Json> =>
  Schema.toCodecJson(schema) as Schema.Codec<A, Schema.Json>
