/**
 * Promises: the platform's own `fetch` with retries, cancelled when the caller leaves, and with the hooks of an application.
 */
import { Layer } from "effect"
import { Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { deepStrictEqual, rejects } from "node:assert/strict"
import { once } from "node:events"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"

/** What an answer is that is worth another try. */
class Unavailable extends Error {
  override readonly name = "Unavailable"
}

const getJson = async (url: string, signal: AbortSignal): Promise<unknown> => {
  const response = await fetch(url, { signal, headers: { connection: "close" } })
  if (response.status >= 500) throw new Unavailable(`status ${response.status}`)
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.json()
}

/** `fetch` rejects with a `TypeError`; the codes stand on its cause. */
const transient = ["ECONNRESET", "ECONNREFUSED", "UND_ERR_SOCKET", "Unavailable"]

// --- a server that answers in this order, and nothing when asked to hang

const script: Array<(response: Http.ServerResponse) => unknown> = [
  (response) => response.socket?.destroy(),
  (response) => response.writeHead(503).end(),
  (response) => response.end(JSON.stringify({ name: "Ada" })),
  (response) => response.writeHead(404).end()
]
const server = Http.createServer(({ url }, response) => {
  if (url !== "/hang") (script.shift() ?? ((response) => response.writeHead(418).end()))(response)
})
await once(server.listen(0, "127.0.0.1"), "listening")
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

// --- an application: its hooks and its defaults hold for promises as for effects

const told: Array<string> = []
await using app = RetryPromise.make({
  layer: Layer.mergeAll(
    Stamina.layerHooks([{
      onRetryScheduled: ({ causedBy, retryNum }) => void told.push(`retry ${retryNum} after ${String(causedBy)}`),
      onRecovered: ({ attempts }) => void told.push(`recovered in attempt ${attempts}`),
      onInterrupted: ({ attempts }) => void told.push(`interrupted in attempt ${attempts}`)
    }]),
    Stamina.layerDefaults({ waitInitial: "10 millis", waitJitter: 0 })
  )
})

// the policy and the errors once, for every call
const getUser = app.retried(
  (id: number, options: { readonly signal: AbortSignal }) => getJson(`${base}/users/${id}`, options.signal),
  { on: transient, attempts: 5, name: "getUser", signal: (_id, { signal }) => signal }
)

const { signal } = new AbortController()
const ada = await getUser(1, { signal })
console.log(ada, told)
// { name: 'Ada' } [
//   'retry 1 after TypeError: fetch failed',
//   'retry 2 after Unavailable: status 503',
//   'recovered in attempt 3'
// ]
deepStrictEqual(ada, { name: "Ada" })
deepStrictEqual(told.splice(0), [
  "retry 1 after TypeError: fetch failed",
  "retry 2 after Unavailable: status 503",
  "recovered in attempt 3"
])

// a 404 is not worth it
await rejects(getUser(2, { signal }), { message: "status 404" })
deepStrictEqual(told, [])

// --- one attempt that hangs is given up, and then the caller leaves

const controller = new AbortController()
const left = new Error("the caller has left")
const hanging = app.retry(async (attempt) => {
  if (attempt.num === 2) setTimeout(() => controller.abort(left), 20)
  return getJson(`${base}/hang`, attempt.signal)
}, { on: transient, attemptTimeout: "50 millis", signal: controller.signal })
await rejects(hanging, left)
console.log(told)
// [
//   'retry 1 after AttemptTimedOut: attempt 1 took longer than 50ms',
//   'interrupted in attempt 2'
// ]
deepStrictEqual(told, ["retry 1 after AttemptTimedOut: attempt 1 took longer than 50ms", "interrupted in attempt 2"])

// --- an error says what was tried

server.close().closeAllConnections()
const error: unknown = await app.retry((attempt) => getJson(base, attempt.signal), { on: transient, attempts: 3 })
  .catch((error: unknown) => error)
const report = Stamina.report(error)
if (report._tag === "None") throw new Error("no report")
console.log(String(error), report.value.reason, report.value.attempts) // TypeError: fetch failed AttemptsExhausted 3
deepStrictEqual([report.value.reason, report.value.attempts], ["AttemptsExhausted", 3])
