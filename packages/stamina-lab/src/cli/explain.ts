/**
 * `stamina explain`: what a policy does, in words and as a chart of its waits.
 */
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as RetryExplanation from "../explain/RetryExplanation.ts"
import { range } from "../tools/Words.ts"
import * as chart from "./chart.ts"
import { context, toContext } from "./context.ts"
import { refused } from "./failures.ts"
import { findings } from "./findings.ts"
import * as flags from "./flags.ts"
import { latency, toLatency } from "./latency.ts"
import { type Screen, screen, wrap } from "./screen.ts"
import { read, source } from "./source.ts"

const config = { ...source, ...context, ...latency, json: flags.json }

export const explain = Command.make(
  "explain",
  config,
  Effect.fnUntraced(function*({ json, ...given }) {
    const policy = yield* read(given)
    const options = { ...toContext(given), latency: yield* toLatency(given) }
    const explanation = yield* Effect.try({ try: () => RetryExplanation.explain(policy, options), catch: refused })
    if (json) return yield* Console.log(JSON.stringify(explanation, null, 2))
    yield* Console.log(text(explanation, yield* screen))
  })
).pipe(
  Command.withDescription("Say and draw what a policy does: its waits, how its runs end, which outages they outlast"),
  Command.withExamples([
    {
      command: "stamina explain '{\"attempts\":5,\"backoff\":\"equal\"}'",
      description: "A policy in JSON; the rest is as by default"
    },
    {
      command: "stamina explain '{}' --latency 50ms --outage 20s",
      description: "The default policy, for calls of 50 ms"
    }
  ])
)

const text = (explanation: RetryExplanation.Explanation, screen: Screen): string => {
  const { findings: found, retries } = explanation
  const words = RetryExplanation.text({ ...explanation, findings: [], retries: [] })
  return [
    wrap(words, screen.width),
    ...(retries.length === 0 ? [] : [waits(explanation, screen)]),
    ...(found.length === 0 ? [] : [findings(found, screen)])
  ].join("\n\n")
}

/** How many retries are drawn: as many as are read at a glance. */
const drawn = 15

const waits = ({ bounds, retries }: RetryExplanation.Explanation, screen: Screen): string => {
  const rows = retries.slice(0, drawn).map(({ longest, retryNum, shortest, startsFrom, startsTo }) => ({
    label: String(retryNum),
    sure: shortest,
    most: longest,
    note: `${range(shortest, longest)}, at ${range(startsFrom, startsTo)}`
  }))
  const last = retries[retries.length - 1]
  const more = bounds.attempts === "unlimited" ? "and so on" : `and so on until retry ${bounds.attempts - 1}`
  return [
    wrap("Wait before each retry (█ at least, ░ by chance), and when the retry begins:", screen.width),
    chart.bars(rows, screen),
    ...(last !== undefined && bounds.attempts !== rows.length + 1 ? [screen.paint("dim", more)] : [])
  ].join("\n")
}
