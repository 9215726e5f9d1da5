/**
 * Figures of what `RetrySimulation` finds: a herd, outages that are outlasted, a server and its retries.
 */
import type { TopLevelSpec } from "vega-lite"
import * as RetrySimulation from "../../packages/stamina-lab/src/simulate/RetrySimulation.ts"
import { RetryPolicy } from "../../packages/stamina/src/index.ts"
import { colours, config, panelTitle, seconds, width } from "./drawing.ts"

/** Waves: 10 000 clients that fail together and go on for as long as the server is away. */
export const waves = (): TopLevelSpec => {
  const from = 20_000
  const to = 60_000
  const panels = {
    "The default": { policy: {}, colour: colours.orange },
    "backoff: \"equal\"": { policy: { backoff: "equal" }, colour: colours.blue }
  } as const
  return {
    title: "10 000 clients, a server that stays down",
    description: "Attempts per 100 ms over time. The default: waves every 5 s. Equal jitter: an even load.",
    config,
    spacing: 16,
    vconcat: Object.entries(panels).map(([name, { colour, policy }]) => {
      const { steps } = RetrySimulation.fleet(
        RetryPolicy.make({ ...policy, attempts: Infinity, timeout: "1 hour" }),
        {
          clients: 10_000,
          rate: "herd",
          server: { capacity: 100_000 },
          trouble: { kind: "refuses", from: 0, lasts: "2 minutes" },
          step: "100 millis"
        }
      )
      return {
        title: panelTitle(name),
        width,
        height: 130,
        data: {
          values: steps.filter((step) => step.from >= from && step.from < to)
            .map(({ attempts, from }) => ({ from: seconds(from), attempts }))
        },
        mark: { type: "area", color: colour, opacity: 0.75, interpolate: "step-after" },
        encoding: {
          x: {
            field: "from",
            type: "quantitative",
            title: "time since all failed (s)",
            scale: { domain: [seconds(from), seconds(to)], nice: false },
            axis: { grid: false, tickCount: 8 }
          },
          y: {
            field: "attempts",
            type: "quantitative",
            title: "attempts / 100 ms",
            scale: { domain: [0, 800] },
            axis: { tickCount: 4, format: "d" }
          }
        }
      }
    })
  }
}

interface Style {
  readonly colour: string
  readonly dash: ReadonlyArray<number>
}

/** A line for each style, told apart by colour and by dashes. */
const lines = (field: string, styles: Readonly<Record<string, Style>>, columns: number) => {
  const domain = Object.keys(styles)
  const line = { field, type: "nominal" as const, sort: domain }
  return {
    color: {
      ...line,
      scale: { domain, range: Object.values(styles).map(({ colour }) => colour) },
      legend: { columns, symbolType: "stroke" as const }
    },
    strokeDash: { ...line, scale: { domain, range: Object.values(styles).map(({ dash }) => [...dash]) } }
  }
}

/** How many runs outlast an outage, by its length, for four shapes of waits. */
export const survival = (): TopLevelSpec => {
  const shapes = {
    "the default": { backoff: "additive", colour: colours.orange, dash: [1, 0] },
    equal: { backoff: "equal", colour: colours.blue, dash: [8, 3] },
    full: { backoff: "full", colour: colours.green, dash: [2, 2] },
    decorrelated: { backoff: "decorrelated", colour: colours.purple, dash: [8, 3, 2, 3] }
  } as const
  const values = Object.entries(shapes).flatMap(([shape, { backoff }]) => {
    const always = RetrySimulation.run(RetryPolicy.make({ backoff }), { latency: "50 millis" })
    return Array.from({ length: 121 }, (_, index) => index * 250).map((outage) => ({
      shape,
      outage: seconds(outage),
      share: RetrySimulation.outlast(always, outage)
    }))
  })
  return {
    title: "Which outages 10 attempts outlast",
    description: "The share of runs that outlast an outage, by its length, for the default and three other shapes.",
    width,
    height: 240,
    config,
    data: { values },
    mark: { type: "line", strokeWidth: 3 },
    encoding: {
      x: { field: "outage", type: "quantitative", title: "the outage lasts (s)", scale: { domain: [0, 30] } },
      y: { field: "share", type: "quantitative", title: "runs that outlast it", axis: { format: "%", tickCount: 5 } },
      ...lines("shape", shapes, 2)
    }
  }
}

/** A server that hangs for ten seconds: its load and its answers, by the policy of its clients. */
export const amplification = (): TopLevelSpec => {
  const clients = {
    "no retries": { attempts: 1, budget: undefined, colour: colours.green, dash: [2, 2] },
    "10 attempts": { attempts: 10, budget: undefined, colour: colours.orange, dash: [1, 0] },
    "10 attempts, with a budget": { attempts: 10, budget: {}, colour: colours.blue, dash: [8, 3] }
  } as const
  return overTime(clients, {
    title: "A server at 70 % hangs for ten seconds",
    description:
      "Attempts per call, and calls that succeed, over time: without retries, with retries, and with a budget.",
    until: 90,
    most: 12,
    fleet: {
      clients: 100,
      rate: 7,
      server: { capacity: 1000 },
      trouble: { kind: "hangs", from: 10_000, lasts: 10_000 },
      attemptTimeout: "1 second"
    }
  })
}

/** 7: what budgets save of a blip, and what they send. */
export const blip = (): TopLevelSpec => {
  const clients = {
    "no budget": { attempts: 10, budget: undefined, colour: colours.orange, dash: [1, 0] },
    "a budget that refuses": {
      attempts: 10,
      budget: { capacity: 50, whenEmpty: "refuse" },
      colour: colours.green,
      dash: [2, 2]
    },
    "a budget that waits": { attempts: 10, budget: {}, colour: colours.blue, dash: [8, 3] }
  } as const
  return overTime(clients, {
    title: "Every attempt fails for two seconds",
    description:
      "Attempts per call, and calls that succeed, over time: without a budget, with one that refuses, with one that waits.",
    until: 15,
    most: 6,
    fleet: {
      clients: 20,
      rate: 70,
      server: { capacity: 1_000_000 },
      trouble: { kind: "refuses", from: 5000, lasts: 2000 },
      lasts: "1 minute",
      step: 250
    }
  })
}

interface Line {
  readonly attempts: number
  readonly budget: RetrySimulation.BudgetInput | undefined
  readonly colour: string
  readonly dash: ReadonlyArray<number>
}

interface Story {
  readonly title: string
  readonly description: string
  /** How many seconds are shown. */
  readonly until: number
  /** The most attempts per call that are shown. */
  readonly most: number
  readonly fleet: RetrySimulation.Fleet & {
    readonly trouble: { readonly from: number; readonly lasts: number }
  }
}

/** Attempts per call, and calls that succeed by when they began, for several kinds of clients. */
const overTime = (
  clients: Readonly<Record<string, Line>>,
  { description, fleet, most, title, until }: Story
): TopLevelSpec => {
  const { from, lasts } = fleet.trouble
  const values = Object.entries(clients).flatMap(([kind, { attempts, budget }]) =>
    RetrySimulation.fleet(RetryPolicy.make({ attempts }), { ...fleet, budget })
      .steps.filter((step) => step.from < until * 1000).map((step) => ({
        kind,
        from: seconds(step.from),
        perCall: step.attempts / step.calls,
        share: step.willSucceed / step.calls
      }))
  )
  const time = { type: "quantitative" as const, title: "time (s)", scale: { domain: [0, until], nice: false } }
  const panels = [
    { title: "attempts per call", field: "perCall", domain: [0, most], format: "d" },
    { title: "calls that succeed", field: "share", domain: [0, 1], format: "%" }
  ]
  return {
    title,
    description,
    config,
    spacing: 16,
    vconcat: panels.map(({ domain, field, format, title }) => ({
      title: panelTitle(title),
      width,
      height: 150,
      layer: [
        {
          data: { values: [{ from: seconds(from), to: seconds(from + lasts) }] },
          mark: { type: "rect", color: colours.grid, opacity: 0.2 },
          encoding: { x: { ...time, field: "from" }, x2: { field: "to" } }
        },
        {
          data: { values },
          mark: { type: "line", strokeWidth: 3, clip: true },
          encoding: {
            x: { ...time, field: "from", axis: { grid: false, tickCount: 9 } },
            y: {
              field,
              type: "quantitative",
              title: null,
              scale: { domain },
              axis: { tickCount: 5, format, minExtent: 48 }
            },
            ...lines("kind", clients, 1)
          }
        }
      ]
    }))
  }
}
