/**
 * The five calls of the demo: what the server does to each, how it is retried, and what should come of it.
 */
import { Effect, Schedule } from "effect"
import { RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import type { HttpClient } from "effect/http"
import { type CallError, get, transient } from "./client.ts"
import type { Mood, Server } from "./server.ts"
import type { Watch } from "./timeline.ts"

export interface Call {
  readonly title: string
  readonly path: string
  /** What the server does, request by request. */
  readonly moods: ReadonlyArray<Mood>
  /** What the attempts should come to, in this order. */
  readonly expected: ReadonlyArray<string>
  readonly policy: RetryPolicy.RetryPolicy
  readonly run: (server: Server, url: string, watch: Watch) => Effect.Effect<string, CallError, HttpClient.HttpClient>
}

export const policy = RetryPolicy.make({
  attempts: 8,
  timeout: "8 seconds",
  waitInitial: "120 millis",
  waitMax: "550 millis",
  waitJitter: "120 millis",
  waitExpBase: 1.5
})

const impatient = RetryPolicy.make({ ...policy, attempts: 4 })

/** Hears of every wait from a hook, before it begins. */
const hook = (watch: Watch) => Stamina.layerHooks([{ onRetryScheduled: watch.wait }])

export const calls: ReadonlyArray<Call> = [
  {
    title: "Effect.retry(staminaSchedule({ on }))",
    path: "/everything-goes-wrong",
    moods: ["reset", "hang", "503", "ok"],
    expected: ["refused", "refused", "reset", "hang", "503", "ok"],
    policy,
    // a schedule composes: this one reports its waits, and has the server started when the second retry is due
    run: (server, url, watch) =>
      watch.attempt(get(url)).pipe(
        Effect.retry(
          staminaSchedule({ ...policy, on: transient }).pipe(
            Schedule.tap(({ output }) => watch.wait(output)),
            Schedule.tap(({ output }) => output.retryNum === 2 ? server.open : Effect.void)
          )
        ),
        Effect.provide(Stamina.layerHooks([]))
      )
  },
  {
    title: "Stamina.retry({ on })",
    path: "/resets-then-recovers",
    moods: ["reset", "503", "ok"],
    expected: ["reset", "503", "ok"],
    policy,
    run: (_, url, watch) =>
      watch.attempt(get(url)).pipe(Stamina.retry({ ...policy, on: transient }), Effect.provide(hook(watch)))
  },
  {
    title: "Stamina.retryContext((attempt) => …, { on })",
    path: "/hangs-then-recovers",
    moods: ["hang", "503", "ok"],
    expected: ["hang", "503", "ok"],
    policy,
    // each request says in a header which attempt it is
    run: (_, url, watch) =>
      Stamina.retryContext((attempt) => watch.attempt(get(url, attempt.num)), { ...policy, on: transient }).pipe(
        Effect.provide(hook(watch))
      )
  },
  {
    title: "Stamina.retry({ on, attempts: 4 }), which gives up",
    path: "/never-recovers",
    moods: ["503"],
    expected: ["503", "503", "503", "503"],
    policy: impatient,
    run: (_, url, watch) =>
      watch.attempt(get(url)).pipe(Stamina.retry({ ...impatient, on: transient }), Effect.provide(hook(watch)))
  },
  {
    title: "Stamina.retry({ on }), which does not retry what `on` does not name",
    path: "/is-not-there",
    moods: ["404"],
    expected: ["404"],
    policy,
    run: (_, url, watch) =>
      watch.attempt(get(url)).pipe(Stamina.retry({ ...policy, on: transient }), Effect.provide(hook(watch)))
  }
]
