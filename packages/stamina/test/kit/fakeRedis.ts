/**
 * A Redis for the script of shared budgets: the same bucket in JavaScript, which can be away, hang or answer late. That
 * the real script does the same is the business of the integration tests.
 */
import { Clock, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import type { Command, Reply } from "../../src/persistence/script.ts"

/** `late`: a command is not answered, but done when the connection is back, as by a client that queues. */
export type Mode = "up" | "down" | "hangs" | "late"

export class FakeRedis {
  mode: Mode = "up"
  /** How long an answer takes, in milliseconds. */
  latency = 0
  /** What becomes of a reply on its way: a client may give it another form. */
  form: (reply: Reply) => unknown = (reply) => reply
  readonly commands: Array<Command> = []
  readonly buckets = new Map<string, { units: number; quietUntil: number }>()
  private queue: Array<() => void> = []

  readonly service: Redis.Redis["Service"] = {
    send: () => Effect.die("nobody should send a plain command"),
    subscribe: () => Effect.die("nobody should subscribe"),
    reserve: Effect.die("nobody should reserve a connection"),
    // the one script that there is takes a command and replies
    eval: ((_script: unknown) => (command: Command) => this.run(command)) as Redis.Redis["Service"]["eval"]
  }

  readonly layer: Layer.Layer<Redis.Redis> = Layer.succeed(Redis.Redis, this.service)

  /** The connection is back, and with it what a client has queued meanwhile. */
  back(): void {
    this.mode = "up"
    for (const run of this.queue.splice(0)) run()
  }

  units(name: string): number | undefined {
    return this.buckets.get(`stamina:budget:{${name}}`)?.units
  }

  private run(command: Command): Effect.Effect<unknown, Redis.RedisError> {
    return Effect.suspend(() => {
      this.commands.push(command)
      const answer = Effect.flatMap(
        Clock.currentTimeMillis,
        (now) => Effect.sync(() => this.form(this.apply(command, now)))
      )
      switch (this.mode) {
        case "up":
          return Effect.andThen(this.latency === 0 ? Effect.yieldNow : Effect.sleep(this.latency), answer)
        case "down":
          return Effect.fail(
            new Redis.RedisError({ cause: Object.assign(new Error("away"), { code: "ECONNREFUSED" }) })
          )
        case "hangs":
          return Effect.never
        case "late":
          this.queue.push(() => this.apply(command, 0))
          return Effect.never
      }
    })
  }

  private apply({ add, capacity, key, quiet, wanted }: Command, now: number): Reply {
    const state = this.buckets.get(key) ?? { units: capacity, quietUntil: 0 }
    state.units = Math.min(capacity, state.units + add)
    if (quiet > 0) state.quietUntil = Math.max(state.quietUntil, now + quiet)
    const granted = Math.max(0, Math.min(wanted, Math.floor(state.units / 1000)))
    state.units -= granted * 1000
    this.buckets.set(key, state)
    return [granted, state.units, Math.max(0, state.quietUntil - now)]
  }
}
