/**
 * The tables of a budget that waits, beside none and that of 0.1.0, in Markdown:
 * `node packages/stamina/bench/budget/tables.ts`. It takes a minute.
 */
import * as waiting from "../../src/budget/waiting.ts"
import type { Player } from "./play.ts"
import { none, refusing, waits } from "./players.ts"
import * as scenarios from "./scenarios.ts"

const budgets: Readonly<Record<string, () => Player>> = {
  "no budget": none,
  "0.1.0, refuses": refusing(),
  waits: waits({ maxWaiting: waiting.defaultMaxWaiting })
}
const rates = [1, 7, 70, 700]
const faults = [500, 2000, 5000, 15_000]

/** Rare calls need many runs for a percentile. */
const seeds = (rate: number): ReadonlyArray<number> =>
  Array.from({ length: rate === 1 ? 200 : rate === 7 ? 20 : rate === 70 ? 4 : 2 }, (_, i) => i + 1)

const p99 = (list: ReadonlyArray<number>): number => {
  const sorted = list.toSorted((a, b) => a - b)
  return sorted[Math.floor(0.99 * (sorted.length - 1))] ?? NaN
}
const seconds = (millis: number): string => !Number.isFinite(millis) ? "–" : `${(millis / 1000).toFixed(1)} s`
const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`
const row = (cells: ReadonlyArray<string | number>): void => console.log(`| ${cells.join(" | ")} |`)
const table = (title: string, head: ReadonlyArray<string>): void => {
  console.log(`\n**${title}**\n`)
  row(head)
  row(head.map((_, i) => i === 0 ? "---" : "---:"))
}
const together = (runs: ReadonlyArray<scenarios.Saved>) => ({
  share: runs.reduce((sum, { saved }) => sum + saved, 0) / runs.reduce((sum, { hit }) => sum + hit, 0),
  p99: p99(runs.flatMap(({ latencies }) => latencies)),
  tenth: Math.max(...runs.map(({ peak }) => peak?.[0] ?? 0)),
  second: Math.max(...runs.map(({ peak }) => peak?.[1] ?? 0))
})

const ofBudget = ([name, make]: readonly [string, () => Player]) => ({
  name,
  at: (seed: number): scenarios.Setting => ({ make, seed, spread: 100 })
})
const all = Object.entries(budgets).map(ofBudget)

for (const latency of [20, 1000]) {
  table(`Blips, attempts of ${latency} ms: calls saved, p99 of their time (times that of no budget)`, [
    "calls/s",
    "budget",
    ...faults.map((lasts) => `${lasts / 1000} s`),
    "busiest 100 ms / second after 15 s, times the rate"
  ])
  for (const rate of rates) {
    const plain: Array<number> = []
    for (const { at, name } of all) {
      const cells = faults.map((lasts, i) => {
        const it = together(seeds(rate).map((seed) => scenarios.blip(at(seed), rate, latency, lasts)))
        const base = plain[i] ??= it.p99
        return {
          text: `${percent(it.share)}${it.share > 0 ? `, ${seconds(it.p99)} (${(it.p99 / base).toFixed(2)})` : ""}`,
          ...it
        }
      })
      const last = cells.at(-1)
      const peak = rate < 70 || last === undefined ? "" : `${last.tenth.toFixed(1)} / ${last.second.toFixed(1)}`
      row([rate, name, ...cells.map(({ text }) => text), peak])
    }
  }
}

table("Outage: attempts per call in the first 10 s / in 2 min, and how many waited at most", [
  "calls/s",
  "attempts of",
  ...all.map(({ name }) => name),
  "waiting"
])
for (const latency of [20, 1000]) {
  for (const rate of rates) {
    const results = all.map(({ at }) => scenarios.outage(at(1), rate, latency))
    const texts = results.map(({ all, first }) => `${first.toFixed(2)} / ${all.toFixed(2)}`)
    row([rate, `${latency} ms`, ...texts, results.at(-1)?.mostWaiting ?? 0])
  }
}

table("Attempts fail by chance, 30 %: calls that succeed, and p99 of their time", [
  "calls/s",
  "attempts of",
  ...all.map(({ name }) => name)
])
for (const latency of [20, 1000]) {
  for (const rate of rates) {
    const texts = all.map(({ at }) => {
      const runs = seeds(rate).map((seed) => scenarios.byChance(at(seed), rate, latency, 0.3))
      const ok = runs.reduce((sum, { ok }) => sum + ok, 0) / runs.length
      return `${percent(ok, 2)}, ${seconds(p99(runs.flatMap(({ latencies }) => latencies)))}`
    })
    row([rate, `${latency} ms`, ...texts])
  }
}

table(
  "A hang of 10 s at 70 % load: recovered after (three seeds), calls that succeed, attempts per call, most waiting",
  [
    "fleet",
    ...all.map(({ name }) => name)
  ]
)
for (const [clients, rate] of [[1, 700], [100, 7], [700, 1]] as const) {
  const texts = all.map(({ at }) => {
    const runs = [1, 2, 3].map((seed) => scenarios.hang(at(seed), clients, rate))
    const recovered = runs.map(({ recovered }) => recovered === Infinity ? "never" : recovered).join(", ")
    const mean = (f: (it: (typeof runs)[number]) => number) => runs.reduce((sum, it) => sum + f(it), 0) / 3
    return `${recovered} s; ${percent(mean(({ ok }) => ok))}; ${mean(({ attempts }) => attempts).toFixed(2)}; ${
      Math.max(...runs.map(({ mostWaiting }) => mostWaiting))
    }`
  })
  row([`${clients} × ${rate}/s`, ...texts])
}

table("Workers in a loop, attempts of 100 ms: seconds below half speed, calls saved, the slowest of them", [
  "workers",
  "blip",
  ...all.map(({ name }) => name)
])
for (const workers of [1, 10, 50]) {
  for (const lasts of faults) {
    const texts = all.map(({ at }) => {
      const it = scenarios.loop(at(1), workers, lasts)
      return `${it.slow}; ${percent(it.saved / it.hit)}; ${seconds(Math.max(...it.latencies))}`
    })
    row([workers, `${lasts / 1000} s`, ...texts])
  }
}

table("A batch and nothing after it: calls saved, the slowest of them", [
  "batch",
  "blip",
  ...all.map(({ name }) => name)
])
for (const size of [50, 500]) {
  for (const hourly of [false, true]) {
    for (const lasts of faults) {
      const texts = all.map(({ at }) => {
        const it = scenarios.batch(at(1), size, lasts, hourly)
        return `${percent(it.saved / it.hit)}; ${seconds(Math.max(...it.latencies))}`
      })
      row([hourly ? `${size}, an hour after another` : size, `${lasts / 1000} s`, ...texts])
    }
  }
}

table(
  "A broken route: 10 % of the calls always fail. p99 of the others that failed once (times no budget), attempts per call",
  [
    "calls/s",
    ...all.map(({ name }) => name)
  ]
)
for (const rate of rates) {
  let base: number | undefined
  const texts = all.map(({ at }) => {
    const runs = Array.from(
      { length: rate === 1 ? 400 : rate === 7 ? 60 : rate === 70 ? 12 : 6 },
      (_, i) => scenarios.brokenRoute(at(i + 1), rate)
    )
    const it = p99(runs.flatMap(({ latencies }) => latencies))
    const ok = Math.min(...runs.map(({ ok }) => ok))
    return `${seconds(it)} (${(it / (base ??= it)).toFixed(2)}); ${runs[0]?.attempts.toFixed(2)}; ≥ ${
      percent(ok, 2)
    } succeed`
  })
  row([rate, ...texts])
}

table("`maxWaiting` at 700/s: what it saves of a blip, and a hang of 1 × 700/s", [
  "maxWaiting",
  ...faults.map((lasts) => `${lasts / 1000} s`),
  "hang: recovered, calls that succeed"
])
for (const maxWaiting of [1000, 3000, 10_000, 32_000]) {
  const { at } = ofBudget(["", waits({ maxWaiting })])
  const hang = scenarios.hang(at(1), 1, 700)
  row([
    maxWaiting,
    ...faults.map((lasts) => {
      const it = together([scenarios.blip(at(1), 700, 20, lasts)])
      return `${percent(it.share)}, ${seconds(it.p99)}`
    }),
    `${hang.recovered} s, ${percent(hang.ok)}`
  ])
}

table("`whenEmpty: \"refuse\"` with the new bucket, attempts of 20 ms: calls saved", [
  "calls/s",
  ...faults.map((lasts) => `${lasts / 1000} s`)
])
for (const rate of rates) {
  const { at } = ofBudget(["", waits({ maxWaiting: 0 })])
  const runs = (lasts: number) => seeds(rate).map((seed) => scenarios.blip(at(seed), rate, 20, lasts))
  row([rate, ...faults.map((lasts) => percent(together(runs(lasts)).share))])
}
