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
  const refusing = { capacity: 49, refill: 0, whenEmpty: "refuse" } as const

  it("is one per origin by default: 49 retries that fail in a row, then the last response at once", () => {
    const { client, sent } = scripted({ status: 503 })
    const retrying = HttpRetry.retry(client, plain)
    const budgets = HttpRetry.layerBudgets(refusing)
    const program = Effect.gen(function*() {
      const reason = (url: string) => Effect.map(retrying.get(url), (response) => reasonOf(response))
      const reasons = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, i) => `https://user:x@A.example/${i}?q=/b`),
        reason
      )
      expect(reasons.filter((reason) => reason === "AttemptsExhausted")).toHaveLength(49)
      expect(reasons.slice(49)).toEqual(Array.from({ length: 11 }, () => "BudgetExhausted"))
      expect(sent).toHaveLength(109)
      // same host by name, also with the usual port or a dot; other origins by port and scheme
      for (const same of ["https://a.example", "https://a.example:443", "HTTPS://a.example./x"]) {
        expect([same, yield* reason(same)]).toEqual([same, "BudgetExhausted"])
      }
      for (const origin of ["https://a.example:8443", "http://a.example", "https://b.example"]) {
        expect([origin, yield* reason(origin)]).toEqual([origin, "AttemptsExhausted"])
      }
    })
    Effect.runSync(
      program.pipe(
        Effect.provide([Stamina.layerHooks([]), budgets]),
        Effect.provide(unheard),
        new VirtualTime([0]).provide
      )
    )
  })

  it("is shared by all clients of an origin, also by one that is made for each request, unless a layer is around", () => {
    const { client } = scripted({ status: 503 })
    const call = (origin: string) => Effect.suspend(() => HttpRetry.retry(client, plain).get(origin))
    const granted = (origin: string) =>
      Effect.flatMap(HttpRetry.Budgets, (budgets) => Effect.map(budgets(origin).state, ({ granted }) => granted))
    const three = (origin: string) => Effect.andThen(Effect.replicateEffect(call(origin), 3), granted(origin))
    const run = <A>(effect: Effect.Effect<A, unknown>) =>
      Effect.runSync(
        effect.pipe(Effect.provide(Stamina.layerHooks([])), Effect.provide(unheard), new VirtualTime([0]).provide)
      )
    expect(run(three("https://shared.example"))).toBe(3)
    expect(run(granted("https://shared.example"))).toBe(3)
    expect(run(Effect.provide(granted("https://shared.example"), HttpRetry.layerBudgets()))).toBe(0)
  })

  it("is none where that is said", () => {
    const { client } = scripted({ status: 503 })
    const retrying = HttpRetry.retry(client, { ...plain, budget: "none" })
    const reasons = Array.from({ length: 60 }, () => reasonOf(get(retrying, "https://a.example")))
    expect(new Set(reasons)).toEqual(new Set(["AttemptsExhausted"]))
  })

  it("is what a function finds for the request, or that of the key that it gives, or one for all", () => {
    const { client } = scripted({ status: 503 })
    const origins: Array<string> = []
    const budget = RetryBudget.makeUnsafe({ whenEmpty: "refuse" })
    const found = HttpRetry.retry(client, {
      ...plain,
      budget: (request) => (origins.push(HttpRetry.originOf(request)), budget)
    })
    get(found, "https://a.example/x")
    vi.stubGlobal("location", { origin: "https://page.example", pathname: "/" })
    get(found, "/relative")
    vi.unstubAllGlobals()
    expect(origins).toEqual(["https://a.example", "<same origin>"])
    get(HttpRetry.retry(client, { ...plain, budget }), "https://b.example/x")
    expect(stateOf(budget)).toMatchObject({ granted: 3 })
    const keyed = HttpRetry.retry(client, { ...plain, budget: ({ method }) => `tenant ${method}` })
    const state = Effect.andThen(
      keyed.get("https://c.example"),
      Effect.flatMap(HttpRetry.Budgets, (budgets) => budgets("tenant GET").state)
    ).pipe(
      Effect.provide([Stamina.layerHooks([]), HttpRetry.layerBudgets()]),
      Effect.provide(unheard),
      new VirtualTime([0]).provide
    )
    expect(Effect.runSync(state)).toMatchObject({ granted: 1 })
  })

  it("is nothing else", () => {
    const { client } = scripted({ status: 503 })
    const wrong = (budget: unknown) => () =>
      get(HttpRetry.retry(client, { ...plain, budget } as HttpRetry.Options), "https://a.example")
    const rule = "a RetryBudget, a function from a request to one or to a key, or \"none\""
    expect(wrong("some")).toThrow(`HttpRetry.retry: budget must be ${rule}, got "some"`)
    expect(wrong(() => 5)).toThrow(
      "HttpRetry.retry: budget(GET https://a.example) must be a RetryBudget or a key, got 5"
    )
    // what made budgets of origins in 0.1
    expect(wrong(RetryBudget.keyedUnsafe())).toThrow(/^RetryBudget.keyed: the key must be a non-empty string, got /)
  })

  it("is credited by what succeeds, and by nothing that the server has failed, also where that is not sent again", () => {
    const { client } = scripted({ status: 503 }, { status: 503 }, { status: 503 }, { status: 200 }, { status: 404 })
    const budget = RetryBudget.makeUnsafe({ capacity: 50, refill: 1, whenEmpty: "refuse" })
    const retrying = HttpRetry.retry(client, { ...plain, budget })
    const left = (): number => stateOf(budget).tokens
    get(retrying, "https://a.example")
    expect(left()).toBe(49)
    Effect.runSync(Effect.provide(retrying.post("https://a.example"), unheard))
    expect(left()).toBe(49)
    get(retrying, "https://a.example")
    get(retrying, "https://a.example")
    expect(left()).toBe(50)
  })

  it("stands behind another door", () => {
    const { client } = scripted({ status: 503 })
    const budget = RetryBudget.makeUnsafe()
    const closed = Door.make({ ask: () => ({ _tag: "Refused", reason: "CircuitOpen" }) })
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

  it("holds back nobody at another origin, nor at another path, until two paths ask", () => {
    const { client, times } = scripted(busy, { status: 500 }, { status: 200 })
    const shared = { ...plain, timeout: 1000 }
    const time = new VirtualTime([0])
    const retrying = HttpRetry.retry(client, shared)
    expect(reasonOf(get(retrying, "https://held.example/search", time))).toBe("WaitExceedsTimeout")
    get(retrying, "https://free.example", time)
    get(retrying, "https://held.example/users?q=1", time)
    expect(times).toEqual([0, 0, 10, 10])
    const limited = scripted(busy, busy, { status: 500 })
    const both = HttpRetry.retry(limited.client, shared)
    for (const path of ["search", "users", "other"]) {
      const exit = get(both, `https://limited.example/${path}`, time)
      expect([path, reasonOf(exit)]).toEqual([path, "WaitExceedsTimeout"])
    }
  })

  it("holds back first attempts, too, if that is wished", () => {
    const { client, times } = scripted(busy, { status: 200 })
    const time = new VirtualTime([0.5])
    const retrying = HttpRetry.retry(client, { ...plain, timeout: 1000, holdFirst: true })
    get(retrying, "https://first.example/search", time)
    get(retrying, "https://first.example/other", time)
    get(retrying, "https://first.example/search", time)
    expect(times).toEqual([0, 0, 7500])
  })
})
