import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import { TestClock } from "effect/testing"
import { progress } from "../../src/cli/progress.ts"

/** What is written to standard error while something takes 2.5 seconds. */
const written = Effect.fnUntraced(function*(isTerminal: boolean, term: string) {
  const texts: Array<string> = []
  const layer = Stdio.layerTest({
    stderrIsTerminal: Effect.succeed(isTerminal),
    stderr: () => Sink.forEach((text) => Effect.sync(() => void texts.push(String(text))))
  })
  const slow = Effect.as(Effect.sleep(2500), "done")
  const fiber = yield* progress(slow, "Simulating").pipe(
    Effect.provide(layer),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { TERM: term } })),
    Effect.forkChild
  )
  yield* TestClock.adjust("3 seconds")
  assert.strictEqual(yield* Fiber.join(fiber), "done")
  return texts
})

describe("progress", () => {
  it.effect("shows each second in a terminal, and takes its line away", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* written(true, "xterm"), [
        "\rSimulating: 0 s",
        "\rSimulating: 1 s",
        "\rSimulating: 2 s",
        "\r\u001b[K"
      ])
    }))

  it.effect("is quiet where nobody watches, or the terminal cannot move back", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* written(false, "xterm"), [])
      assert.deepStrictEqual(yield* written(true, "dumb"), [])
    }))
})
