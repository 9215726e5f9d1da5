import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Logger, Metric, Option } from "effect"
import { RetryBudget, type RetryEvent, RetryOn, Stamina } from "effect-stamina"
import * as FetchRetry from "effect-stamina/FetchRetry"
import * as HttpRetry from "effect-stamina/HttpRetry"
import type { Socket } from "node:net"
import { answer, BadServer, chunked, drip, hang, reset, resetInBody } from "../kit/BadServer.ts"
import { reasonOf } from "../kit/reasonOf.ts"

const plain = { attempts: 3, waitInitial: 1, waitJitter: 0, hooks: [], budget: "none" } as const

// whose log nobody sees, and whose series nobody counts
const unheard = Context.make(Metric.MetricRegistry, new Map()).pipe(Context.add(Logger.CurrentLoggers, new Set()))
const make = (options: FetchRetry.Options) => FetchRetry.fromContext(unheard, options)

describe("FetchRetry.make", () => {
  const server = new BadServer()
  beforeAll(() => Effect.runPromise(server.listen))
  afterAll(() => Effect.runPromise(server.destroy))
  beforeEach(() => void (server.seen.length = 0))

  const bodies = () => server.seen.map(({ body }) => body)

  it("fits wherever fetch does", async () => {
    const fetch: typeof globalThis.fetch = FetchRetry.make()
    server.script(answer(200))
    expect((await fetch(new URL(server.url))).status).toBe(200)
  })

  it.each([
    [{ attempts: 0 }, "FetchRetry.make: attempts must be an integer >= 1 or Infinity, got 0"],
    [{ fetch: "fetch" }, "FetchRetry.make: fetch must be a function, got \"fetch\""],
    [{ on: "TypeError" }, "FetchRetry.make: unknown option \"on\""],
    [{ classify: true }, "FetchRetry.make: classify must be a function, got true"],
    [{ budget: "all" }, "FetchRetry.make: budget must be a RetryBudget"]
  ])("refuses %o when it is made", (options, message) => {
    // @ts-expect-error: what the types forbid as well
    expect(() => FetchRetry.make(options)).toThrow(message)
  })

  it("retries statuses and faults that pass, and resolves with the response", async () => {
    server.script(answer(503), reset, answer(429), answer(200, { body: "hello" }))
    const response = await make({ ...plain, attempts: 4 })(server.url)
    expect([response.status, await response.text()]).toEqual([200, "hello"])
    expect(server.seen).toHaveLength(4)
  })

  it("resolves with the last response, its body unread, and a report leads to it", async () => {
    server.script(answer(503), answer(502, { body: "the last one" }))
    const response = await make({ ...plain, attempts: 2 })(server.url)
    expect([response.status, await response.text()]).toEqual([502, "the last one"])
    expect(reasonOf(response)).toBe("AttemptsExhausted")
    server.script(answer(404))
    const missing = await make(plain)(server.url)
    expect(missing.status).toBe(404)
    expect(server.seen).toHaveLength(3)
  })

  it("rejects with the last error, the same object", async () => {
    const errors: Array<unknown> = []
    const failing: FetchRetry.Fetch = async () => {
      const error = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } })
      errors.push(error)
      throw error
    }
    const error = await make({ ...plain, fetch: failing })(server.url).catch((error) => error)
    expect(errors).toHaveLength(3)
    expect(error).toBe(errors[2])
  })

  it("does not retry what stays", async () => {
    let calls = 0
    const counting: FetchRetry.Fetch = (input, init) => (calls++, fetch(input, init as RequestInit))
    const retrying = make({ ...plain, fetch: counting })
    await expect(retrying("gopher://example.com")).rejects.toThrow("fetch failed")
    await expect(retrying(server.url, { headers: { "x-name": "a\nb" } })).rejects.toThrow(TypeError)
    expect(calls).toBe(2)
  })

  describe("requests that may be sent twice", () => {
    it("are those of idempotent methods, and those with a key", async () => {
      const retrying = make(plain)
      server.script(answer(503))
      const sent = async (init: FetchRetry.Init) => {
        const before = server.seen.length
        await (await retrying(server.url, init)).text()
        return server.seen.length - before
      }
      expect(await sent({ method: "POST", body: "x" })).toBe(1)
      expect(await sent({ method: "PATCH", body: "x" })).toBe(1)
      expect(await sent({ method: "PUT", body: "x" })).toBe(3)
      expect(await sent({ method: "DELETE" })).toBe(3)
      expect(await sent({ method: "POST", body: "x", headers: { "idempotency-key": "a" } })).toBe(3)
      expect(await sent({ method: "POST", body: "x", headers: { "idempotency-key": " " } })).toBe(1)
    })

    it("get one key for all attempts of a call, and another for the next", async () => {
      const retrying = make({ ...plain, idempotencyKey: true, attemptHeader: "X-Attempt" })
      server.script(answer(503))
      await retrying(server.url, { method: "POST", body: "x", headers: { "x-mine": "1" } })
      await retrying(new Request(server.url, { method: "POST", body: "y" }))
      const keys = server.seen.map(({ headers }) => headers["idempotency-key"])
      expect(keys).toEqual([keys[0], keys[0], keys[0], keys[3], keys[3], keys[3]])
      expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
      expect(keys[3]).not.toBe(keys[0])
      expect(server.seen.map(({ headers }) => headers["x-attempt"])).toEqual(["1", "2", "3", "1", "2", "3"])
      expect(server.seen[2]?.headers["x-mine"]).toBe("1")
      expect(bodies()).toEqual(["x", "x", "x", "y", "y", "y"])
    })

    it("send text, bytes, forms and the body of a Request again", async () => {
      const retrying = make({ ...plain, attempts: 2 })
      for (const body of ["text", new TextEncoder().encode("bytes"), new URLSearchParams({ a: "1" })]) {
        server.script(answer(503), answer(200))
        await retrying(server.url, { method: "PUT", body })
      }
      server.script(answer(503), answer(200))
      await retrying(new Request(server.url, { method: "PUT", body: "request" }))
      expect(bodies()).toEqual(["text", "text", "bytes", "bytes", "a=1", "a=1", "request", "request"])
    })

    const streamOf = (text: string) =>
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(text))
          controller.close()
        }
      })

    it("send a stream once, and one that a function makes in each attempt", async () => {
      const retrying = make(plain)
      server.script(answer(503))
      const once = await retrying(server.url, { method: "PUT", body: streamOf("once"), duplex: "half" })
      expect(once.status).toBe(503)
      expect(bodies()).toEqual(["once"])
      let opened = 0
      await retrying(server.url, { method: "PUT", body: async () => streamOf(`stream ${++opened}`) })
      expect(bodies()).toEqual(["once", "stream 1", "stream 2", "stream 3"])
    })

    it("do not retry the failure of such a function", async () => {
      let opened = 0
      const body = () => {
        opened++
        throw Object.assign(new Error("no such file"), { code: "ENOENT" })
      }
      await expect(make(plain)(server.url, { method: "PUT", body })).rejects.toThrow("no such file")
      expect([opened, server.seen.length]).toEqual([1, 0])
    })
  })

  it("waits as long as the server asks, and gives up at once where that is too long", async () => {
    server.script(answer(429, { headers: { "retry-after-ms": "50" } }), answer(200))
    await make(plain)(server.url)
    // a timer may fire a millisecond early
    expect(server.gaps[0]).toBeGreaterThanOrEqual(49)
    server.script(answer(503, { headers: { "retry-after": "3600" } }))
    const response = await make(plain)(server.url)
    expect([response.status, reasonOf(response)]).toEqual([503, "HintTooLong"])
    expect(server.seen).toHaveLength(3)
  })

  describe("budgets", () => {
    it("are by origin: without a token left, the response comes out with its body", async () => {
      const urls: Array<string> = []
      const empty = RetryBudget.makeUnsafe({ capacity: 1, whenEmpty: "refuse" })
      const budget = ({ method, url }: { readonly method: string; readonly url: string }) => {
        urls.push(`${method} ${url}`)
        return empty
      }
      server.script(chunked(503, "kept"))
      const retrying = make({ ...plain, budget })
      await retrying(server.url)
      const responses = [await retrying(server.url), await retrying(`${server.url}/other?token=secret`)]
      expect(responses.map(reasonOf)).toEqual(["BudgetExhausted", "BudgetExhausted"])
      for (const response of responses) expect(await response.text()).toBe("keptthe end")
      expect(new Set(urls)).toEqual(new Set([`GET ${server.url}`, `GET ${server.url}/other?token=secret`]))
    })

    it("are those of HttpRetry by default, one for each origin", async () => {
      server.script(answer(503))
      const budgets = RetryBudget.keyedUnsafe({ capacity: 2, refill: 0, whenEmpty: "refuse" })
      const retrying = FetchRetry.fromContext(Context.add(unheard, HttpRetry.Budgets, budgets), {
        ...plain,
        attempts: 2,
        budget: undefined
      })
      const reasons = [await retrying(server.url), await retrying(`${server.url}/a`), await retrying(server.url)]
      expect(reasons.map(reasonOf)).toEqual(["AttemptsExhausted", "AttemptsExhausted", "BudgetExhausted"])
      expect(Effect.runSync(budgets(server.url).state)).toMatchObject({ granted: 2, refused: 1 })
    })

    it("hold first attempts back with holdFirst, until the call is aborted", async () => {
      const budgets = RetryBudget.keyedUnsafe()
      const retrying = FetchRetry.fromContext(Context.add(unheard, HttpRetry.Budgets, budgets), {
        ...plain,
        budget: undefined,
        holdFirst: true
      })
      server.script(answer(503, { headers: { "retry-after": "50" } }), answer(200))
      await retrying(server.url)
      const signal = AbortSignal.timeout(100)
      await expect(retrying(server.url, { signal })).rejects.toThrow("timeout")
      expect(server.seen).toHaveLength(1)
    })
  })

  describe("an abort", () => {
    it("ends an attempt with its reason", async () => {
      server.script(hang)
      const controller = new AbortController()
      const pending = make(plain)(server.url, { signal: controller.signal })
      setTimeout(() => controller.abort("gone"), 50)
      await expect(pending).rejects.toBe("gone")
      expect(server.seen).toHaveLength(1)
    })

    it("ends a wait, also by the signal of a Request", async () => {
      server.script(answer(503))
      const controller = new AbortController()
      const hooks = [{ onRetryScheduled: () => controller.abort("gone") }]
      const request = new Request(server.url, { signal: controller.signal })
      await expect(make({ ...plain, waitInitial: "1 hour", timeout: "2 hours", hooks })(request)).rejects
        .toBe("gone")
      expect(server.seen).toHaveLength(1)
    })

    it("before the call keeps it from being made", async () => {
      await expect(make(plain)(server.url, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone")
      expect(server.seen).toHaveLength(0)
    })
  })

  describe("attemptTimeout", () => {
    it("ends an attempt that hangs, and closes its connection; a POST is not sent again", async () => {
      const hanging: Array<Socket> = []
      server.script((_, socket) => void hanging.push(socket))
      const retrying = make({ ...plain, attempts: 2, attemptTimeout: 100 })
      await expect(retrying(server.url)).rejects.toBeInstanceOf(Stamina.AttemptTimedOut)
      await expect(retrying(server.url, { method: "POST", body: "x" })).rejects.toBeInstanceOf(
        Stamina.AttemptTimedOut
      )
      expect(server.seen.map(({ method }) => method)).toEqual(["GET", "GET", "POST"])
      await expect.poll(() => hanging.map((socket) => socket.destroyed)).toEqual([true, true, true])
    })

    it("ends with the headers", async () => {
      server.script((response) => {
        response.writeHead(200, { "content-length": 4 }).write("sl")
        setTimeout(() => response.end("ow"), 300)
      })
      const response = await make({ ...plain, attemptTimeout: 150 })(server.url)
      expect(await response.text()).toBe("slow")
    })

    it("covers the body with readBody", async () => {
      server.script(drip(200), answer(200, { body: "whole" }))
      const response = await make({ ...plain, attemptTimeout: 150, readBody: true })(server.url)
      expect([response.url, await response.text()]).toEqual([`${server.url}/`, "whole"])
      expect(server.seen).toHaveLength(2)
    })
  })

  it("retries a body that breaks off with readBody, and only then", async () => {
    server.script(resetInBody("part"), answer(200, { body: "whole" }))
    const whole = await make({ ...plain, readBody: true })(server.url)
    expect(await whole.text()).toBe("whole")
    server.script(resetInBody("part"))
    const broken = await make(plain)(server.url)
    await expect(broken.text()).rejects.toThrow("terminated")
    expect(server.seen).toHaveLength(3)
  })

  it("uses a connection again if the body of a retried response is short, and breaks off a long one", async () => {
    const server = new BadServer()
    await Effect.runPromise(server.listen)
    server.script(chunked(503, "short"), chunked(503, "short"), answer(200))
    await (await make({ ...plain, waitInitial: 50 })(server.url)).text()
    expect(server.connections).toBe(1)
    let dripping: Socket | undefined
    server.script((response, socket) => drip(503)(response, dripping = socket), answer(200))
    await (await make({ ...plain, waitInitial: 50 })(server.url)).text()
    await expect.poll(() => dripping?.destroyed).toBe(true)
    await Effect.runPromise(server.destroy)
  })

  describe("classify", () => {
    it("decides about responses and errors, and keeps the default with undefined", async () => {
      const seen: Array<unknown> = []
      const retrying = make({
        ...plain,
        classify: ({ byDefault, error, request, response }) => {
          seen.push([request.method, response?.status ?? typeof error, byDefault])
          return response?.status === 404 ? true : undefined
        }
      })
      server.script(answer(404), reset, answer(503), answer(200))
      expect((await retrying(server.url)).status).toBe(503)
      expect(seen).toEqual([["GET", 404, false], ["GET", "object", true], ["GET", 503, true]])
    })

    it("may answer with a promise, and read a body that stays to be read", async () => {
      server.script(
        chunked(200, JSON.stringify({ errors: [{ code: "RATE_LIMITED" }] })),
        answer(200, { body: "{\"data\":1}" })
      )
      const retrying = make({
        ...plain,
        classify: async ({ text }) => (await text()).includes("RATE_LIMITED") ? RetryOn.atLeast("20 millis") : undefined
      })
      const response = await retrying(server.url)
      expect(await response.json()).toEqual({ data: 1 })
      expect(server.seen).toHaveLength(2)
    })

    it("reads no more than 64 KiB, and leaves the whole body", async () => {
      const long = "x".repeat(100_000)
      const read: Array<unknown> = []
      const retrying = make({
        ...plain,
        classify: ({ text }) => text().then(() => undefined, (error) => void read.push(error.message))
      })
      for (const behaviour of [answer(200, { body: long }), chunked(200, long)]) {
        server.script(behaviour)
        expect(await (await retrying(server.url)).text()).toContain(long)
      }
      expect(read).toEqual(["the body is longer than 65536 bytes", "the body is longer than 65536 bytes"])
    })

    it("cannot allow a POST", async () => {
      server.script(answer(503))
      await make({ ...plain, classify: () => true })(server.url, { method: "POST" })
      expect(server.seen).toHaveLength(1)
    })

    it("comes out when it throws, with a cause that leads to the response", async () => {
      server.script(answer(503))
      const boom = new Error("boom")
      const classify = () => {
        throw boom
      }
      await expect(make({ ...plain, classify })(server.url)).rejects.toBe(boom)
      await expect(make({ ...plain, classify: () => Promise.reject(boom) })(server.url)).rejects.toBe(boom)
      expect(boom.cause).toMatchObject({ _tag: "StatusError", response: { status: 503 } })
      expect(server.seen).toHaveLength(2)
    })

    it("decides about an attempt that took too long at once", async () => {
      server.script(hang)
      const errors: Array<unknown> = []
      const classify = ({ error }: FetchRetry.Failure) => (errors.push(error), false)
      const error = await make({ ...plain, attemptTimeout: 50, classify })(server.url).catch((error) => error)
      expect(errors).toEqual([error])
      expect(server.seen).toHaveLength(1)
    })
  })

  it("shows hooks a response that is retried as a StatusError, and the name of method and host", async () => {
    const events: Array<RetryEvent.RetryScheduled> = []
    const hooks = [{ onRetryScheduled: (event: RetryEvent.RetryScheduled) => void events.push(event) }]
    server.script(answer(503), answer(200))
    await make({ ...plain, hooks })(`${server.url}/users?token=secret`)
    expect(events.map(({ name }) => name)).toEqual([`GET 127.0.0.1:${server.port}`])
    expect(events[0]?.causedBy).toMatchObject({ _tag: "StatusError", message: "status 503" })
  })

  it("heeds the switches: off, and for tests", async () => {
    server.script(answer(503))
    const retrying = make({ ...plain, waitInitial: "1 hour", timeout: "1 day" })
    await Effect.runPromise(Stamina.setTesting({ attempts: 2 }))
    expect((await retrying(server.url)).status).toBe(503)
    await Effect.runPromise(Stamina.setTesting(false))
    await Effect.runPromise(Stamina.setActive(false))
    const response = await retrying(server.url)
    await Effect.runPromise(Stamina.setActive(true))
    expect(await response.text()).toBe("status 503")
    expect(server.seen).toHaveLength(3)
  })

  it("says how long it waited in the report of an error", async () => {
    server.script(reset)
    const error = await make({ ...plain, attempts: 2, waitInitial: 20 })(server.url).catch((error) => error)
    const report = Option.getOrThrow(Stamina.report(error))
    expect([report.attempts, Duration.toMillis(report.waited) >= 19]).toEqual([2, true])
  })
})
