/**
 * Timers of calls. The process's own clock is used as it is: a fiber that sleeps on it would hold 1 kB for each call that
 * waits, and take as long to start and to end as everything else of a retry. Any other clock is a service, and sleeps in a
 * fiber.
 */
import type * as Cause from "effect/Cause"
import * as clock from "../tools/clock.ts"
import type { Services } from "./services.ts"

/** A time on the clock of services: milliseconds of the process's own clock, or a reading of another. */
export type Time = number | clock.Reading

/** Now. Each call that succeeds at once pays for this, so the process's clock is read as a plain number. */
export const now = ({ hasOwnClock, rested }: Services): Time => hasOwnClock ? platform.now() : clock.read(rested)

/** That time as a reading. */
export const asReading = ({ rested }: Services, time: Time): clock.Reading =>
  typeof time === "bigint" ? time : clock.read(rested) - BigInt(Math.round((platform.now() - time) * 1_000_000))

// oxlint-disable-next-line no-restricted-globals -- the process's own clock, as said above
const platform = performance

/** Stops a timer. */
type Stop = () => void

/** Calls `then` after so many milliseconds, or `fail` if the clock is one that fails. */
export const after = (
  { fork, hasOwnClock, rested }: Services,
  millis: number,
  then: () => void,
  fail: (cause: Cause.Cause<unknown>) => void
): Stop => {
  if (hasOwnClock) return afterOwn(millis, then)
  const fiber = fork(clock.sleep(clock.of(rested), millis))
  fiber.addObserver((exit) => exit._tag === "Success" ? then() : fail(exit.cause))
  return () => fiber.interruptUnsafe()
}

const afterOwn = (millis: number, then: () => void): Stop => {
  if (millis === Infinity) return () => {}
  if (millis > longest) {
    let stop = afterOwn(longest, () => stop = afterOwn(millis - longest, then))
    return () => stop()
  }
  // oxlint-disable-next-line no-restricted-globals -- the process's own clock, as said above
  const timer = setTimeout(then, millis)
  return () => clearTimeout(timer)
}

/** The longest time that a timer of the platform can take. */
const longest = 2 ** 31 - 1
