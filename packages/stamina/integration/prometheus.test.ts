/**
 * What Prometheus makes of our metrics: the service in `examples/prometheus` is scraped by a real one, whose answers are
 * compared with what the service says it did.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { eventually, freePort, need, run, type Running, sleep, start } from "./kit/programs.ts"

const example = fileURLToPath(new URL("../../../examples/prometheus", import.meta.url))
const file = (name: string): string => readFileSync(join(example, name), "utf8")

/** Four of them in a second; Prometheus takes five before it begins. */
const rounds = 80

const running: Array<Running> = []
let folder = ""
let service = ""
let prometheus = ""

beforeAll(async () => {
  need({ prometheus: ["prometheus", "promtool"] })

  const main = start(process.execPath, [join(example, "main.ts"), "--serve", "--rounds", String(rounds)])
  running.push(main)
  service = (await main.printed(/serving (http:\S+)\/metrics/))[1]!

  folder = mkdtempSync(join(tmpdir(), "effect-stamina-prometheus-"))

  // as in the example, but for the port, and in haste
  const config = file("prometheus.yml")
    .replace("127.0.0.1:9464", new URL(service).host)
    .replace("alerts.yml", join(example, "alerts.yml"))
    .replaceAll("15s", "1s")
  writeFileSync(join(folder, "prometheus.yml"), config)
  const address = `127.0.0.1:${await freePort()}`
  const server = start("prometheus", [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${address}`,
    "--log.level=warn"
  ])
  running.push(server)
  prometheus = `http://${address}`
  await eventually(async () => {
    server.check()
    await get(`${prometheus}/-/ready`)
  })
}, 60_000)

afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()))
  if (folder !== "") rmSync(folder, { recursive: true, force: true })
})

const get = async (url: string): Promise<string> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status}\n${text}`)
  return text
}

/** What the service says it has done: rounds of calls, and what its metrics should be by now. */
const ledger = async () => {
  const { roundsMade, series } = JSON.parse(await get(`${service}/ledger`))
  return { roundsMade: Number(roundsMade), series: series as Readonly<Record<string, number>>, at: Date.now() }
}

/** What Prometheus answers to a query: values by name and labels, but for `job` and `instance`. */
const query = async (promql: string): Promise<Record<string, number>> => {
  const { data } = JSON.parse(await get(`${prometheus}/api/v1/query?query=${encodeURIComponent(promql)}`))
  const result: ReadonlyArray<{ metric: Record<string, string>; value: [number, string] }> = data.result
  return Object.fromEntries(result.map(({ metric, value }) => {
    const labels = Object.keys(metric).filter((label) => !["__name__", "job", "instance"].includes(label)).toSorted()
    const name = `${metric["__name__"] ?? ""}{${labels.map((label) => `${label}="${metric[label]}"`).join(",")}}`
    return [name, Number(value[1])]
  }))
}

/** Sums of fractions differ in the last digits. */
const rounded = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toFixed(9))]))

const dashboard = JSON.parse(file("dashboard.json"))
const panels: ReadonlyArray<{
  readonly title: string
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>
  readonly datasource: unknown
  readonly targets: ReadonlyArray<{ readonly expr: string; readonly datasource: unknown }>
}> = dashboard.panels

/** With what Grafana puts in place of its variables. */
const filledIn = (expression: string): string =>
  expression.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "1m").replaceAll(/\$(job|callable)/g, ".*")

describe("Prometheus", () => {
  it("sees the retries as often as the service makes them", async () => {
    await eventually(async () => expect(await query("stamina_retries_total{retry_num=\"3\"}")).not.toEqual({}))
    const before = await ledger()
    await sleep(5_000)
    const after = await ledger()
    const rates = await query("sum by (callable, error_type, retry_num) (rate(stamina_retries_total[5s]))")

    const seconds = (after.at - before.at) / 1000
    const names = Object.keys(after.series).filter((name) => name.startsWith("stamina_retries_total"))
    const compared = names.map((name) => ({
      name,
      found: rates[name.replace("stamina_retries_total", "")] ?? 0,
      expected: (after.series[name]! - before.series[name]!) / seconds
    }))
    expect(compared).toHaveLength(Object.keys(rates).length)
    // neither looks at exactly the same five seconds
    expect(compared.filter(({ expected, found }) => !(Math.abs(found - expected) < 0.4 * expected))).toEqual([])
  }, 30_000)

  it("counts what the service has counted itself, series by series", async () => {
    const { series } = await eventually(async () => {
      const now = await ledger()
      expect(now.roundsMade).toBe(rounds)
      return now
    })
    // as of the first scrape after that
    await eventually(async () => {
      const found = await query("{__name__=~\"stamina_.*\", __name__!~\".*_bucket\", job=\"shop\"}")
      expect(rounded(found)).toEqual(rounded(series))
    })
  }, 60_000)

  it("knows the attempts of runs by quantile", async () => {
    const found = await query("histogram_quantile(1, sum by (le, callable) (stamina_run_attempts_bucket))")
    expect(found).toEqual({
      "{callable=\"chargeCard\"}": 3,
      "{callable=\"exportReport\"}": 1,
      "{callable=\"fetchUser\"}": 4,
      "{callable=\"quoteShipping\"}": 2,
      "{callable=\"reserveStock\"}": 2,
      "{callable=\"searchOrders\"}": 2
    })
  })

  it("knows type and meaning of each metric", async () => {
    const { data } = JSON.parse(await get(`${prometheus}/api/v1/metadata`))
    const found = Object.entries<ReadonlyArray<{ type: string; help: string }>>(data)
      .filter(([name]) => name.startsWith("stamina_"))
      .map(([name, [metadata]]) => `${name}, a ${metadata?.type}: ${metadata?.help}`)
    expect(found.toSorted()).toEqual([
      "stamina_budget_retries_total, a counter: Retries that a retry budget was asked for, and what became of those that waited.",
      "stamina_budget_tokens, a gauge: Tokens that a retry budget holds.",
      "stamina_budget_waiting, a gauge: Retries that wait for a token of a retry budget.",
      "stamina_retries_total, a counter: Total number of retries.",
      "stamina_run_attempts, a histogram: Attempts of runs that needed a retry.",
      "stamina_runs_total, a counter: Runs that needed a retry.",
      "stamina_scheduled_wait_seconds_total, a counter: Seconds of waiting before retries."
    ])
  })

  it("evaluates the alerts, and is about to fire those that it should", async () => {
    interface Rule {
      readonly name: string
      readonly health: string
      readonly lastError?: string
      readonly alerts: ReadonlyArray<{ readonly labels: Readonly<Record<string, string>> }>
    }
    const rules = await eventually(async () => {
      const { data } = JSON.parse(await get(`${prometheus}/api/v1/rules`))
      const [{ rules }]: [{ rules: ReadonlyArray<Rule> }] = data.groups
      expect(rules.map(({ health, lastError }) => lastError ?? health)).toEqual(["ok", "ok", "ok", "ok", "ok"])
      return rules
    })
    const callables = Object.fromEntries(
      rules.map((
        { alerts, name }
      ) => [name, alerts.map(({ labels }) => String(labels["callable"] ?? labels["budget"])).toSorted()])
    )
    // a quarter of a minute of retries is no storm; who gave up did so in every round
    expect(callables).toEqual({
      StaminaRetryStorm: [],
      StaminaGivingUp: ["chargeCard", "quoteShipping", "reserveStock", "searchOrders"],
      StaminaBudgetExhausted: ["shipping"],
      StaminaRetriesWaiting: [],
      StaminaRecoveredShareLow: ["chargeCard", "quoteShipping", "reserveStock", "searchOrders"]
    })
  })

  it.each(panels)("has an answer to what the dashboard asks for $title", async ({ targets }) => {
    const answers = await Promise.all(targets.map(({ expr }) => query(filledIn(expr))))
    const useless = answers.map((answer) => Object.values(answer))
      .filter((values) => values.length === 0 || !values.every(Number.isFinite))
    expect(useless).toEqual([])
  })

  it("has the right answer to the share of runs that recover", async () => {
    const [share] = panels.find(({ title }) => title === "Recovered share")!.targets
    const found = await query(filledIn(share!.expr))
    const tenths = Object.entries(found).map(([name, value]) => [name, Math.round(value * 10) / 10])
    expect(Object.fromEntries(tenths)).toEqual({
      "{callable=\"chargeCard\"}": 0,
      "{callable=\"fetchUser\"}": 1,
      "{callable=\"quoteShipping\"}": 0,
      "{callable=\"reserveStock\"}": 0,
      "{callable=\"searchOrders\"}": 0
    })
  })
})

describe("promtool", () => {
  it("finds nothing wrong with what the service exposes", async () => {
    expect(run("promtool", ["check", "metrics"], await get(`${service}/metrics`))).toEqual({ status: 0, output: "" })
  })

  it.each([
    ["check", "config", "prometheus.yml"],
    ["check", "rules", "alerts.yml"],
    ["test", "rules", "alerts.test.yml"]
  ])("%s %s %s", (command, what, name) => {
    const { output, status } = run("promtool", [command, what, join(example, name)])
    expect(output).toContain("SUCCESS")
    expect(status).toBe(0)
  })
})

describe.each(["alerts.yml", "alerts.test.yml", "dashboard.json"])("%s", (name) => {
  it("uses no metric and no label that the service does not expose", async () => {
    const page = await get(`${service}/metrics`)
    const exposed = new Set(page.match(/^\w+/gm))
    const labels = new Set([...page.match(/\w+(?==")/g)!, "job", "instance"])

    const used = file(name).match(/\bstamina_\w+/g)!
    expect(used.length).toBeGreaterThan(4)
    expect(used.filter((metric) => !exposed.has(metric))).toEqual([])

    const matched = Array.from(file(name).matchAll(/(\w+)(?:=~|!~|!=|=)\\?"/g), ([, label]) => label!)
    const grouped = Array.from(file(name).matchAll(/\bby \(([^)]*)\)/g), ([, labels = ""]) => labels.split(/,\s*/))
      .flat()
    expect([...matched, ...grouped].filter((label) => !labels.has(label))).toEqual([])
  })
})

// Grafana is not here to try it; these are the ways in which an import goes wrong
describe("dashboard.json", () => {
  it("takes its data from wherever it is told to", () => {
    const variables: ReadonlyArray<{ name: string; type: string; datasource?: unknown }> = dashboard.templating.list
    expect(variables.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      "datasource: datasource",
      "job: query",
      "callable: query"
    ])
    const sources = [...variables.slice(1), ...panels, ...panels.flatMap(({ targets }) => targets)]
    for (const { datasource } of sources) expect(datasource).toEqual({ type: "prometheus", uid: "${datasource}" })
    expect(dashboard.id).toBeNull()
  })

  it("has panels that do not lie upon each other", () => {
    const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + i % w},${y + Math.floor(i / w)}`)
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.every(({ gridPos: { w, x } }) => x + w <= 24)).toBe(true)
  })
})
