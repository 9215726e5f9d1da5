/**
 * The platform's own `fetch` against a server that misbehaves: what is retried, and what is left behind.
 */
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { getEventListeners } from "node:events"
import * as bad from "../kit/BadServer.ts"

const options = {
  on: ["ECONNRESET", "ECONNREFUSED", "UND_ERR_SOCKET", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"],
  attempts: 4,
  waitInitial: 1,
  waitJitter: 0,
  hooks: []
} as const

class Unavailable extends Error {}

const reason = new Error("enough")

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => expect.fail("it resolved"), (error: unknown) => error)

let server: bad.BadServer
beforeEach(async () => {
  server = new bad.BadServer()
  await Effect.runPromise(server.listen)
})
afterEach(() => Effect.runPromise(server.destroy))

const get = async ({ signal }: { readonly signal?: AbortSignal }): Promise<string> => {
  const response = await fetch(server.url, { ...signal && { signal }, headers: { connection: "close" } })
  if (response.status === 503) {
    await response.body?.cancel()
    throw new Unavailable()
  }
  return response.text()
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** What keeps the process alive, but for the server that listens. */
const held = () => process.getActiveResourcesInfo().filter((resource) => /Timeout|TCPSocket/.test(resource)).length

/** That nothing is left of a call: no socket, no timer, no listener. */
const expectNothingLeft = async (signal: AbortSignal, before: number) => {
  expect(getEventListeners(signal, "abort")).toHaveLength(0)
  await until(() => server.sockets.size === 0 && held() <= before)
  const requests = server.seen.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect([server.seen.length, server.sockets.size]).toEqual([requests, 0])
}

describe("`fetch`, retried", () => {
  it("gets through broken connections, by the codes of their causes", async () => {
    server.script(bad.reset, bad.end, bad.resetInHeaders, bad.answer(200, { body: "at last" }))
    expect(await RetryPromise.retry(get, options)).toBe("at last")
    expect(server.seen).toHaveLength(4)
  })

  it("gets through a body that breaks off, if reading it is part of the attempt", async () => {
    server.script(bad.resetInBody("half of "), bad.answer(200, { body: "all of it" }))
    expect(await RetryPromise.retry(get, options)).toBe("all of it")
  })

  it("rejects with the very error of `fetch` where nobody listens, after all attempts", async () => {
    await Effect.runPromise(server.close)
    const errors: Array<unknown> = []
    const error = await rejection(RetryPromise.retry((attempt) =>
      get(attempt).catch((error: unknown) => {
        errors.push(error)
        throw error
      }), options))
    expect(errors).toHaveLength(4)
    expect(error).toBe(errors[3])
    expect(error).toMatchObject({ message: "fetch failed", cause: { code: "ECONNREFUSED" } })
    expect(Option.getOrThrow(Stamina.report(error)).attempts).toBe(4)
  })

  it("takes what it does not know for final", async () => {
    server.script(bad.garbage)
    const error = await rejection(RetryPromise.retry(get, options))
    expect(error).toBeInstanceOf(TypeError)
    expect(server.seen).toHaveLength(1)
  })

  it("retries a status that the attempt makes an error of", async () => {
    server.script(bad.answer(503), bad.answer(503), bad.answer(200, { body: "ok" }))
    expect(await RetryPromise.retry(get, { ...options, on: Unavailable })).toBe("ok")
  })

  it("closes the connection of an attempt that takes too long, and makes another", async () => {
    server.script(bad.hang, bad.answer(200, { body: "ok" }))
    const before = held()
    const controller = new AbortController()
    const { signal } = controller
    expect(await RetryPromise.retry(get, { ...options, attemptTimeout: 100, signal })).toBe("ok")
    await expectNothingLeft(signal, before)
  })
})

describe("`fetch`, aborted", () => {
  it.each<readonly [string, ReadonlyArray<bad.Behaviour>, (seen: number) => boolean, object]>([
    ["while the server hangs, in the first attempt", [bad.hang], (seen) => seen === 1, {}],
    ["while the server hangs, in a later attempt", [bad.reset, bad.hang], (seen) => seen === 2, {}],
    ["while a body drips, in the first attempt", [bad.drip(200)], (seen) => seen === 1, {}],
    ["while a body drips, in a later attempt", [bad.reset, bad.drip(200)], (seen) => seen === 2, {}],
    ["in an attempt with a limit of its own", [bad.hang], (seen) => seen === 1, { attemptTimeout: "1 hour" }],
    ["in a wait", [bad.reset], (seen) => seen === 1, { waitInitial: "1 hour" }],
    ["in a hook", [bad.reset], (seen) => seen === 1, { hooks: [{ onRetryScheduled: () => Effect.never }] }]
  ])("%s, leaves no socket, no timer and no listener", async (_, script, isThere, more) => {
    server.script(...script)
    const before = held()
    const controller = new AbortController()
    const promise = rejection(RetryPromise.retry(get, { ...options, ...more, signal: controller.signal }))
    await until(() => isThere(server.seen.length))
    // the answer, if there is one, comes and is dealt with
    await new Promise((resolve) => setTimeout(resolve, 30))
    controller.abort(reason)
    expect(await promise).toBe(reason)
    await expectNothingLeft(controller.signal, before)
  })

  it("before it begins, opens no connection", async () => {
    const signal = AbortSignal.abort(reason)
    expect(await rejection(RetryPromise.retry(get, { ...options, signal }))).toBe(reason)
    expect(server.connections).toBe(0)
  })

  it("while the body of what it has resolved with is read, ends that as well", async () => {
    server.script(bad.reset, bad.drip(200))
    const before = held()
    const controller = new AbortController()
    const { signal } = controller
    const response = await RetryPromise.retry(
      (attempt) => fetch(server.url, { signal: attempt.signal, headers: { connection: "close" } }),
      { ...options, signal }
    )
    const text = rejection(response.text())
    controller.abort(reason)
    expect(await text).toBe(reason)
    await until(() => server.sockets.size === 0 && held() <= before)
  })

  it("by `AbortSignal.timeout` rejects with its TimeoutError", async () => {
    server.script(bad.hang)
    const error = await rejection(
      RetryPromise.retry(get, { ...options, on: () => true, signal: AbortSignal.timeout(50) })
    )
    expect(error).toMatchObject({ name: "TimeoutError" })
    expect(server.seen).toHaveLength(1)
  })
})
