/**
 * Time that passes only when told to, and passes at once when slept: for replaying a run in one go, also where a
 * synchronous function takes time, which `TestClock` cannot do.
 */
import { Clock, Context, Duration, Effect, Random } from "effect"

export class VirtualTime {
  /** Milliseconds since the beginning. */
  now = 0
  /** Every sleep so far, in milliseconds. */
  readonly sleeps: Array<number> = []
  /** How many random numbers were drawn. */
  draws = 0
  readonly clock: Clock.Clock
  readonly random: Random.Random

  constructor(numbers: ReadonlyArray<number>) {
    const nanos = () => BigInt(Math.round(this.now * 1_000_000))
    this.clock = {
      currentTimeMillisUnsafe: () => this.now,
      currentTimeMillis: Effect.sync(() => this.now),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) =>
        Effect.sync(() => {
          const millis = Duration.toMillis(duration)
          this.sleeps.push(millis)
          this.now += millis
        })
    }
    this.random = {
      nextDoubleUnsafe: () => numbers[this.draws++ % numbers.length] ?? 0,
      nextIntUnsafe: () => {
        throw new Error("nobody should ask for an integer")
      }
    }
  }

  readonly passUnsafe = (millis: number): void => {
    this.now += millis
  }

  readonly pass = (millis: number): Effect.Effect<void> => Effect.sync(() => this.passUnsafe(millis))

  readonly provide = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideContext(
      self,
      Context.make(Clock.Clock, this.clock).pipe(Context.add(Random.Random, this.random))
    )
}
