import { describe, expect, it, vi } from "@effect/vitest"
import { Context, Effect, Logger, Metric } from "effect"
import { Door, RetryBudget, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import type { HttpClient } from "effect/http"
import { reasonOf } from "../kit/reasonOf.ts"
import { scripted } from "../kit/scriptedClient.ts"
import { VirtualTime } from "../kit/VirtualTime.ts"

const plain = { attempts: 2, waitInitial: 10, waitJitter: 0 } as const
const unheard = Context.make(Metric.MetricRegistry, new Map()).pipe(Context.add(Logger.CurrentLoggers, new Set()))

const get = (client: HttpClient.HttpClient, url: string, time = new VirtualTime([0])) =>
  client.get(url).pipe(Effect.provide(Stamina.layerHooks([])), Effect.provide(unheard), time.provide, Effect.runSync)

const stateOf = (budget: RetryBudget.RetryBudget) => Effect.runSync(budget.state)

describe("the budget of HttpRetry.retry", () => {
  it("is one per origin by default: 49 retries that fail in a row, then the last response at once", () => {
    const { client, sent } = scripted({ status: 503 })
    const retrying = HttpRetry.retry(client, plain)
    const reasons = Array.from({ length: 60 }, (_, i) => reasonOf(get(retrying, `https://user:x@A.example/${i}?q=/b`)))
    expect(reasons.filter((reason) => reason === "AttemptsExhausted")).toHaveLength(49)
    expect(reasons.slice(49)).toEqual(Array.from({ length: 11 }, () => "BudgetExhausted"))
    expect(sent).toHaveLength(109)
    // same host by name, other origins by port and scheme
    expect(reasonOf(get(retrying, "https://a.example"))).toBe("BudgetExhausted")
    for (const origin of ["https://a.example:8443", "http://a.example", "https://b.example"]) {
      expect(reasonOf(get(retrying, origin))).toBe("AttemptsExhausted")
    }
  })

  it("is of this client alone by default", () => {
    const { client } = scripted({ status: 503 })
    const [one, other] = [HttpRetry.retry(client, plain), HttpRetry.retry(client, plain)]
    for (let i = 0; i < 60; i++) get(one, "https://a.example")
    expect(reasonOf(get(one, "https://a.example"))).toBe("BudgetExhausted")
    expect(reasonOf(get(other, "https://a.example"))).toBe("AttemptsExhausted")
  })

  it("is none where that is said", () => {
    const { client } = scripted({ status: 503 })
    const retrying = HttpRetry.retry(client, { ...plain, budget: "none" })
    const reasons = Array.from({ length: 60 }, () => reasonOf(get(retrying, "https://a.example")))
    expect(new Set(reasons)).toEqual(new Set(["AttemptsExhausted"]))
  })

  it("is what a function finds for the origin, or one for all", () => {
    const { client } = scripted({ status: 503 })
    const origins: Array<string> = []
    const budget = RetryBudget.makeUnsafe()
    const found = HttpRetry.retry(client, { ...plain, budget: (origin) => (origins.push(origin), budget) })
    get(found, "https://a.example/x")
    vi.stubGlobal("location", { origin: "https://page.example", pathname: "/" })
    get(found, "/relative")
    vi.unstubAllGlobals()
    expect(origins).toEqual(["https://a.example", "<same origin>"])
    get(HttpRetry.retry(client, { ...plain, budget }), "https://b.example/x")
    expect(stateOf(budget)).toMatchObject({ granted: 3 })
  })

  it("is nothing else", () => {
    const { client } = scripted({ status: 503 })
    const wrong = (budget: unknown) => () =>
      get(HttpRetry.retry(client, { ...plain, budget } as HttpRetry.Options), "https://a.example")
    const rule = "a RetryBudget, a function from an origin to one, or \"none\""
    expect(wrong("some")).toThrow(`HttpRetry.retry: budget must be ${rule}, got "some"`)
    expect(wrong(() => "some")).toThrow(
      "HttpRetry.retry: budget(https://a.example) must be a RetryBudget, got \"some\""
    )
  })

  it("is credited by what succeeds, and by nothing that the server has failed, also where that is not sent again", () => {
    const { client } = scripted({ status: 503 }, { status: 503 }, { status: 503 }, { status: 200 }, { status: 404 })
    const budget = RetryBudget.makeUnsafe({ refill: 1 })
    const retrying = HttpRetry.retry(client, { ...plain, budget })
    const left = (): number => stateOf(budget).tokens
    get(retrying, "https://a.example")
    expect(left()).toBe(48)
    Effect.runSync(Effect.provide(retrying.post("https://a.example"), unheard))
    expect(left()).toBe(48)
    get(retrying, "https://a.example")
    get(retrying, "https://a.example")
    expect(left()).toBe(50)
  })

  it("stands behind another door", () => {
    const { client } = scripted({ status: 503 })
    const budget = RetryBudget.makeUnsafe()
    const closed = Door.make({
      called: () => {},
      failed: () => {},
      ask: () => ({ _tag: "Refused", reason: "CircuitOpen" }),
      succeeded: () => {},
      unused: () => {}
    })
    const behind = HttpRetry.retry(client, { ...plain, budget, door: closed })
    expect(reasonOf(get(behind, "https://a.example"))).toBe("CircuitOpen")
    expect(stateOf(budget)).toMatchObject({ granted: 0, refused: 0 })
    const alone = HttpRetry.retry(client, { ...plain, budget: "none", door: closed })
    expect(reasonOf(get(alone, "https://a.example"))).toBe("CircuitOpen")
  })
})

describe("a server that asks to wait", () => {
  const busy = { status: 503, headers: { "retry-after": "7" } }

  it.each(["get", "post"] as const)("in answer to one call, by %s, holds back the retries of the others", (method) => {
    const { client, times } = scripted(busy, { status: 500 }, { status: 200 })
    const time = new VirtualTime([0])
    const budget = RetryBudget.makeUnsafe()
    const shared = { ...plain, budget }
    const asked = HttpRetry.retry(client, { ...shared, attempts: 1 })
    Effect.runSync(time.provide(Effect.provide(asked[method]("https://a.example"), unheard)))
    time.passUnsafe(2000)
    get(HttpRetry.retry(client, shared), "https://a.example", time)
    expect(times).toEqual([0, 2000, 7000])
  })

  it("holds back nobody at another origin", () => {
    const { client, times } = scripted(busy, { status: 500 }, { status: 200 })
    const retrying = HttpRetry.retry(client, { ...plain, timeout: 1000 })
    const time = new VirtualTime([0])
    expect(reasonOf(get(retrying, "https://a.example", time))).toBe("WaitExceedsTimeout")
    get(retrying, "https://b.example", time)
    expect(times).toEqual([0, 0, 10])
  })
})
