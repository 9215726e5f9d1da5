/**
 * A line on standard error while something takes long, in a terminal.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/** Shows that an effect is under way, and for how many seconds. */
export const progress = Effect.fnUntraced(function*<A, E, R>(self: Effect.Effect<A, E, R>, what: string) {
  const stdio = yield* Stdio.Stdio
  const term = yield* Effect.orElseSucceed(Config.String("TERM"), () => "")
  if (!(yield* stdio.stderrIsTerminal) || term === "dumb") return yield* self
  const start = yield* Clock.currentTimeMillis
  // who cannot be shown progress gets the result all the same
  const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr({ endOnDone: false })))
  const show = Effect.gen(function*() {
    const seconds = Math.round(((yield* Clock.currentTimeMillis) - start) / 1000)
    yield* write(`\r${what}: ${seconds} s`)
    yield* Effect.sleep("1 second")
  })
  return yield* self.pipe(
    Effect.raceFirst(Effect.forever(show)),
    Effect.ensuring(write("\r\u001b[K"))
  )
})
