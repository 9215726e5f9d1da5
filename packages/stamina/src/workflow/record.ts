/**
 * What an attempt leaves behind in the engine's storage: its outcome, and the decision about it.
 *
 * A replay reads records and asks nobody, so a later version of a program cannot rewrite the past. Later versions of this
 * library must read what earlier ones wrote: fields may be added as optional ones, and none may change its meaning.
 */
import * as Schema from "effect/Schema"

/** An attempt that succeeded. */
export interface Succeeded {
  readonly _tag: "Succeeded"
  /** The value, encoded by the schema of the activity's success. */
  readonly value: Schema.Json
}

/** An attempt that failed. Times are milliseconds since the epoch, by the only clock that two processes share. */
export interface Failed {
  readonly _tag: "Failed"
  /** The cause, encoded by the schema of the errors. */
  readonly cause: Schema.Json
  /** When the first attempt began. */
  readonly startedAt: number
  /** When this attempt began. */
  readonly began: number
  /** When it failed. */
  readonly at: number
  /** How many attempts a run inside this one made; 0 if there was none. */
  readonly inside: number
  /** The limits of the run as they stood, the timeout in milliseconds. */
  readonly limits: { readonly attempts: number; readonly timeout: number }
  readonly decision: RecordedDecision
  /** When the hooks had heard of it: the wait begins then. */
  readonly toldAt: number
}

/** A retry that never began, because its door refused it. The attempt before was the last one. */
export interface Refused {
  readonly _tag: "Refused"
  readonly reason: string
  readonly at: number
}

/** A `Decision`, whose reason another version of the library may have given. */
export type RecordedDecision =
  | { readonly _tag: "Retry"; readonly wait: number }
  | {
    readonly _tag: "Stop"
    readonly reason: string
    readonly refused?: { readonly wait: number; readonly left: number } | undefined
  }

export type AttemptRecord = Succeeded | Failed | Refused

export const AttemptRecord: Schema.Codec<AttemptRecord, unknown> = Schema.Union([
  Schema.TaggedStruct("Succeeded", { value: Schema.Json }),
  Schema.TaggedStruct("Failed", {
    cause: Schema.Json,
    startedAt: Schema.Finite,
    began: Schema.Finite,
    at: Schema.Finite,
    inside: Schema.Int,
    limits: Schema.Struct({ attempts: Schema.Number, timeout: Schema.Number }),
    decision: Schema.Union([
      Schema.TaggedStruct("Retry", { wait: Schema.Finite }),
      Schema.TaggedStruct("Stop", {
        reason: Schema.String,
        refused: Schema.optional(Schema.Struct({ wait: Schema.Number, left: Schema.Number }))
      })
    ]),
    toldAt: Schema.Finite
  }),
  Schema.TaggedStruct("Refused", { reason: Schema.String, at: Schema.Finite })
])

/** That an attempt begins, recorded before it does where lost attempts count. */
export interface Begun {
  readonly at: number
  /** Stands for this one beginning. Whoever finds it used, or does not know it, finds an attempt that was lost. */
  readonly ticket: string
}

export const Begun: Schema.Codec<Begun, unknown> = Schema.Struct({ at: Schema.Finite, ticket: Schema.String })
