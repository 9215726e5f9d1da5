/**
 * How the command line fails: what it says on standard error, and its exit codes.
 */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** Exit code 2: there is no policy, or the command line is not valid. */
export class Misuse extends Data.TaggedError("Misuse")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false
}

/** Exit code 1: the linter objects. Its findings have been shown. */
export class Objections extends Data.TaggedError("Objections") {
  override readonly [Runtime.errorExitCode] = 1
  override readonly [Runtime.errorReported] = false
}

/** What a call of the library refuses, it says in a `RangeError`. Anything else is a fault of ours. */
export const refused = (error: unknown): Misuse => {
  if (error instanceof RangeError) return new Misuse({ message: error.message })
  throw error
}
