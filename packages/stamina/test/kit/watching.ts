/**
 * What happened in a run, beside what hooks were told of it, and whether the two agree.
 */
import { expect } from "@effect/vitest"
import { Clock, Duration, Effect, Option } from "effect"
import { type RetryEvent, type RetryHook, Stamina } from "effect-stamina"
import type { Driver } from "./drivers.ts"

type What =
  | { readonly what: "begins" | "succeeds" | "told" | "acquired" | "released" }
  | { readonly what: "fails"; readonly error: unknown; readonly typed: boolean }
  | { readonly what: "scheduled"; readonly details: RetryEvent.RetryScheduled }
  | { readonly what: "recovered" | "interrupted"; readonly run: RetryEvent.RunEnded }
  | { readonly what: "gaveUp"; readonly run: RetryEvent.GaveUp }

/** Something that happened, or that a hook was told; `told` is when the hook was done with it. */
export type Entry = What & { readonly at: number }

export interface Watched {
  readonly entries: ReadonlyArray<Entry>
  readonly options: Stamina.RetryOptions<any>
  readonly start: number
}

/**
 * Runs a block through a driver and writes down, in order, what really happens and what a hook is told. The hook takes
 * `hookMs` milliseconds each time, and holds a resource during each wait if it is to.
 */
export const watch = (
  driver: Driver,
  options: Stamina.RetryOptions<any>,
  block: (num: number) => Effect.Effect<string, unknown>,
  { acquires = false, hookMs = 0 }: { readonly acquires?: boolean; readonly hookMs?: number } = {}
) => {
  const entries: Array<Entry> = []
  let attempts = 0
  const note = (entry: What) => Effect.map(Clock.currentTimeMillis, (at) => void entries.push({ ...entry, at }))

  const retried = driver.build(options, () =>
    Effect.suspend(() =>
      block(++attempts).pipe(
        Effect.tapCause((cause) => {
          const [reason] = cause.reasons
          if (reason?._tag === "Interrupt" || reason === undefined) return Effect.void
          return reason._tag === "Fail"
            ? note({ what: "fails", error: reason.error, typed: true })
            : note({ what: "fails", error: reason.defect, typed: false })
        }),
        Effect.tap(() => note({ what: "succeeds" })),
        (attempt) => Effect.andThen(note({ what: "begins" }), attempt)
      )
    ))

  const ended = Effect.andThen(hookMs === 0 ? Effect.void : Effect.sleep(hookMs), note({ what: "told" }))
  const hook: RetryHook.RetryHook = {
    onRetryScheduled: (details) =>
      note({ what: "scheduled", details }).pipe(
        Effect.andThen(
          acquires
            ? Effect.acquireRelease(note({ what: "acquired" }), () => note({ what: "released" }))
            : Effect.void
        ),
        Effect.andThen(ended)
      ),
    onRecovered: (run) => Effect.andThen(note({ what: "recovered", run }), ended),
    onInterrupted: (run) => Effect.andThen(note({ what: "interrupted", run }), ended),
    onGaveUp: (run) => Effect.andThen(note({ what: "gaveUp", run }), ended)
  }

  return Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const watched: Watched = { entries, options, start }
    return { watched, run: Effect.exit(retried).pipe(Effect.provide(Stamina.layerHooks([hook]))) }
  })
}

/**
 * Expects that all that a hook was told is true, and that it was told all that its driver can know. `retryable` says
 * of an error whether `on` names it; `at` is when the run was interrupted, if it was.
 */
export const expectTrue = (
  { entries, options, start }: Watched,
  driver: Driver,
  retryable: (error: unknown) => boolean,
  at?: number
): void => {
  const begins = entries.filter(({ what }) => what === "begins")
  const told = entries.filter(({ what }) => what === "told")
  const scheduled = entries.filter((entry) => entry.what === "scheduled")
  const finished = entries.filter((entry) => entry.what === "fails" || entry.what === "succeeds")

  // one word for each retry that follows, with what is true at that time
  let waited = 0
  for (const [i, one] of scheduled.entries()) {
    const { details } = one
    const [begin, failure, next] = [begins[i], finished[i], begins[i + 1]]
    if (begin === undefined || failure?.what !== "fails") return expect.fail("a retry was told of without a failure")
    expect(details.retryNum).toBe(i + 1)
    expect(details.causedBy).toBe(failure.error)
    expect(details.elapsed).toSatisfy(about(failure.at - start))
    expect(details.attemptTook).toSatisfy(about(failure.at - begin.at))
    expect(details.waitedSoFar).toSatisfy(about(waited))
    expect(entries.indexOf(one)).toBeGreaterThan(entries.indexOf(failure))
    waited += Duration.toMillis(details.waitFor)
    if (next === undefined) continue
    expect(entries.indexOf(one)).toBeLessThan(entries.indexOf(next))
    expect(details.waitFor).toSatisfy(about(next.at - (told[i]?.at ?? NaN)))
  }
  const followed = begins.length - 1
  expect([followed, ...at === undefined ? [] : [followed + 1]]).toContain(scheduled.length)

  // what was held during a wait was let go before the next attempt, and just once
  const held = entries.filter(({ what }) => what === "acquired" || what === "released" || what === "begins")
  held.forEach(({ what }, i) => {
    if (what === "acquired") expect(held[i + 1]?.what).toBe("released")
    if (what === "released") expect(held[i - 1]?.what).toBe("acquired")
  })

  // one end, the true one
  const ends = entries.filter((entry) => "run" in entry)
  const last = entries.findLast((entry) => isStep(entry.what))
  const sees = !driver.name.startsWith("Effect.retry")
  const retried = scheduled.length > 0
  const due = last?.what === "fails"
    ? (sees || last.typed) && (retried || (last.typed && retryable(last.error))) ? ["gaveUp"] : []
    : !(retried && sees)
    ? []
    : last?.what === "succeeds"
    ? ["recovered"]
    : ["interrupted"]
  expect(ends.map(({ what }) => what)).toEqual(due)

  // which says how long it all took
  const [end] = ends
  if (end === undefined) return
  const over = last?.what === "fails" || last?.what === "succeeds" ? last.at : at ?? NaN
  const took = begins.map((begin, i) => (finished[i]?.at ?? over) - begin.at)
  const inAttempts = took.reduce((sum, millis) => sum + millis, 0)
  expect(end.run.attempts).toBe(begins.length)
  expect(end.run.elapsed).toSatisfy(about(over - start))
  expect(end.run.inAttempts).toSatisfy(about(inAttempts))
  expect(end.run.waited).toSatisfy(about(over - start - inAttempts))
  expect(end.run.attemptTook).toSatisfy(about(last?.what === "scheduled" ? 0 : took.at(-1) ?? NaN))

  // and why
  if (end.what !== "gaveUp" || last?.what !== "fails") return
  const { causedBy, limits, reason } = end.run
  expect(causedBy).toBe(last.error)
  expect(limits.attempts).toBe(options.attempts)
  if (!last.typed || !retryable(last.error)) return expect(reason).toBe("NotRetryable")
  if (begins.length === limits.attempts) return expect(reason).toBe("AttemptsExhausted")
  const left = Duration.toMillis(limits.timeout) - (over - start)
  if (left <= 0) return expect(reason).toBe("TimeoutReached")
  expect(reason).toBe("WaitExceedsTimeout")
  // otherwise only a wait that a hook has asked for is refused
  if (options.overshoot !== "refuse") expect(options.on).toBeTypeOf("function")
  const refused = Option.getOrThrow(end.run.refused)
  expect(refused.left).toSatisfy(about(left))
  expect(Duration.toMillis(refused.wait)).toBeGreaterThanOrEqual(left)
}

/** Whether this is something that happened in the run itself, or that it was about to do. */
const isStep = (what: Entry["what"]): boolean => ["begins", "fails", "succeeds", "scheduled"].includes(what)

/** Durations are whole nanoseconds, sums of numbers are not. */
const about = (millis: number) => (duration: Duration.Duration): boolean =>
  Math.abs(Duration.toMillis(duration) - millis) <= 0.01
