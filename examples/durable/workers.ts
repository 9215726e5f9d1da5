/**
 * Processes that work on an order: started, listened to, and killed.
 */
import { Clock, Effect, type Scope, Stream } from "effect"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import { fileURLToPath } from "node:url"

const script = fileURLToPath(new URL("./worker.ts", import.meta.url))

export interface Worker {
  /** Reads what the process prints until it has ended, and tells when it was ready, in milliseconds since the epoch. */
  readonly done: Effect.Effect<number>
  /** Reads until `moment` has come, and ends the process with SIGKILL: no process can prepare for that. */
  readonly killedAt: (moment: Effect.Effect<void>) => Effect.Effect<void>
}

/** Starts a process, and hands on each line that it prints. */
export const start = Effect.fnUntraced(function*(
  env: Readonly<Record<string, string>>,
  says: (line: string) => Effect.Effect<void>
): Effect.fn.Return<Worker, never, Scope.Scope | ChildProcessSpawner.ChildProcessSpawner> {
  const command = ChildProcess.make(process.execPath, [script], { env, extendEnv: true, stderr: "inherit" })
  const child = yield* Effect.orDie(command)

  let readyAt = Number.POSITIVE_INFINITY
  const reading = child.stdout.pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.runForEach(Effect.fnUntraced(function*(line) {
      readyAt = Math.min(readyAt, yield* Clock.currentTimeMillis)
      yield* says(line)
    })),
    Effect.orDie
  )

  return {
    done: Effect.gen(function*() {
      yield* reading
      const code = yield* Effect.orDie(child.exitCode)
      return code === 0 ? readyAt : yield* Effect.die(`a worker ended with exit code ${code}`)
    }),
    killedAt: Effect.fnUntraced(function*(moment) {
      yield* Effect.raceFirst(moment, Effect.andThen(reading, Effect.die("a worker ended before its time")))
      yield* Effect.orDie(child.kill({ killSignal: "SIGKILL" }))
    })
  }
})
