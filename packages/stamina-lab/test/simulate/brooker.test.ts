/**
 * The experiment of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), with the numbers of his
 * own simulator: clients that each write one row once, with optimistic concurrency control, over a network that takes
 * 10 ms, give or take 2.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { Decision, RetryPolicy } from "effect-stamina"
import * as PaperRun from "effect-stamina/PaperRun"
import { Heap } from "../../src/fleet/heap.ts"
import * as random from "../../src/tools/random.ts"

const clients = 100
const repeats = 20

interface Message {
  readonly kind: "read" | "version" | "write" | "answer"
  readonly run: PaperRun.PaperRun
  readonly version: number
  readonly isWritten: boolean
}

/** How long it takes until all have written, and how many writes that takes. */
const experiment = (
  policy: RetryPolicy.RetryPolicy,
  seed: number
): { readonly time: number; readonly calls: number } => {
  const chance = random.make(~seed)
  const net = () => Math.abs(10 + 2 * random.normal(chance))
  const caller = PaperRun.makeCaller({ plan: Decision.fromPolicy(policy), random: random.make(seed) })
  const messages = new Heap<Message>()
  let version = 0
  let calls = 0
  let time = 0
  const send = (kind: Message["kind"], run: PaperRun.PaperRun, after = 0, isWritten = false, seen = version) =>
    messages.add(time + after + net(), { kind, run, version: seen, isWritten })

  for (let client = 0; client < clients; client++) send("read", PaperRun.begin(caller, 0))
  for (let message; time = messages.time, message = messages.take();) {
    const { kind, run } = message
    if (kind === "read") send("version", run)
    else if (kind === "version") send("write", run, 0, false, message.version)
    else if (kind === "write") {
      calls++
      const isWritten = message.version === version
      if (isWritten) version++
      send("answer", run, 0, isWritten)
    } else if (message.isWritten) PaperRun.succeed(run, time)
    else if (PaperRun.fail(run, time, { verdict: true })) {
      send("read", run, run.began - time)
      PaperRun.beginAttempt(run)
    }
    if (messages.time === Infinity) break
  }
  return { time, calls }
}

const average = (input: RetryPolicy.Input) => {
  const policy = RetryPolicy.make({
    attempts: Infinity,
    timeout: Duration.infinity,
    waitInitial: 10,
    waitMax: 2000,
    waitJitter: 0,
    ...input
  })
  const all = Array.from({ length: repeats }, (_, i) => experiment(policy, i + 1))
  const mean = (of: "time" | "calls") => all.reduce((sum, one) => sum + one[of], 0) / repeats
  return { time: mean("time"), calls: mean("calls") }
}

describe("the experiment of the AWS Architecture Blog", () => {
  it.each(
    [
      ["no backoff", { backoff: "constant", waitInitial: 0 }, 2020, 2419],
      ["exponential backoff", {}, 62_921, 1848],
      ["equal jitter", { backoff: "equal" }, 6560, 810],
      ["full jitter", { backoff: "full" }, 4896, 795]
    ] as const
  )("comes out as in its own simulator with %s", (_, input, time, calls) => {
    const result = average(input)
    assert.closeTo(result.time / time, 1, 0.05)
    assert.closeTo(result.calls / calls, 1, 0.05)
  })

  it("makes as many calls with decorrelated jitter, in less time: waits are drawn below the cap, and not cut off there", () => {
    const result = average({ backoff: "decorrelated", waitInitial: 5 })
    assert.closeTo(result.calls / 1002, 1, 0.05)
    assert.isBelow(result.time, 4584)
    assert.isAbove(result.time, 0.85 * 4584)
  })

  it("comes out best in calls with this library's default", () => {
    const result = average({ waitInitial: 100, waitMax: 5000, waitJitter: 1000 })
    assert.closeTo(result.calls / 330, 1, 0.05)
  })
})
