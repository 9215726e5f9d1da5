/**
 * (i) HTTP: 500 requests at a time to a server on this machine, healthy and with faults.
 */
import * as HttpRetry from "effect-stamina/HttpRetry"
import * as Stamina from "effect-stamina/Stamina"
import * as Effect from "effect/Effect"
import { FetchHttpClient, HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { type Ratio, ratio, type Result, written } from "./kit/result.ts"
import { sampleAsync, sampleColumns, sampleRatio, sampleRows } from "./kit/sampling.ts"
import { figure, mean } from "./kit/statistics.ts"
import { silent } from "./subjects.ts"

const calls = 500
const wait = 1
const layer = Layer.mergeAll(FetchHttpClient.layer, silent, Stamina.layerHooks([]))

type Request = Effect.Effect<
  HttpClientResponse.HttpClientResponse,
  HttpClientError.HttpClientError,
  HttpClient.HttpClient
>

/** All at a time, each to the end of its body. The answer is how many failed in spite of their retries. */
const atOnce = (request: Request) => {
  const one = Effect.flatMap(request, (response) => Effect.as(response.text, response.status === 200))
  const all = Effect.forEach(
    Array.from({ length: calls }),
    () => Effect.orElseSucceed(one, () => false),
    { concurrency: "unbounded" }
  )
  const program = Effect.map(all, (answers) => answers.filter((isAnswered) => !isAnswered).length)
  return () => Effect.runPromise(Effect.provide(program, layer))
}

const of = (url: string, transform: (client: HttpClient.HttpClient) => HttpClient.HttpClient): Request =>
  Effect.flatMap(HttpClient.HttpClient, (client) => transform(client).get(url))

const ways = (url: string) => ({
  bare: of(url, (client) => client),
  byHand: Effect.flatMap(HttpClient.HttpClient, (client) => loop(client, url, 1)),
  transient: of(url, HttpClient.retryTransient({ times: 3, schedule: Schedule.spaced(wait) })),
  stamina: of(url, HttpRetry.retry(policy)),
  unbounded: of(url, HttpRetry.retry({ ...policy, budget: "none" }))
})

const policy = { attempts: 4, waitInitial: wait, waitMax: wait, waitJitter: 0 }

/** The loop that people write: four attempts, for an error or a 503. */
const loop = (
  client: HttpClient.HttpClient,
  url: string,
  attempt: number
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  const again = Effect.andThen(Effect.sleep(wait), Effect.suspend(() => loop(client, url, attempt + 1)))
  return Effect.matchEffect(client.get(url), {
    onFailure: (error) => attempt < 4 ? again : Effect.fail(error),
    onSuccess: (response) =>
      response.status === 503 && attempt < 4 ? Effect.andThen(response.text, again) : Effect.succeed(response)
  })
}

const started = async (faults: number): Promise<{ readonly url: string; readonly server: ChildProcess }> => {
  const file = fileURLToPath(new URL("unreliableServer.ts", import.meta.url))
  const server = spawn(process.execPath, [file, String(faults)], { stdio: ["ignore", "pipe", "inherit"] })
  const [line]: Array<unknown> = await once(server.stdout, "data")
  return { url: `http://127.0.0.1:${String(line).trim()}/`, server }
}

const names = {
  bare: "the bare client",
  byHand: "a loop by hand",
  transient: "`HttpClient.retryTransient`",
  unbounded: "`HttpRetry.retry` without a budget",
  stamina: "`HttpRetry.retry`"
}

const healthy = async (): Promise<Result> => {
  const { server, url } = await started(0)
  const { bare, byHand, stamina, transient } = ways(url)
  const samples = await sampleAsync({
    bare: atOnce(bare),
    byHand: atOnce(byHand),
    transient: atOnce(transient),
    stamina: atOnce(stamina)
  }, { calls, rounds: 30, runs: 12, of: mean })
  server.kill()
  return {
    title: "500 requests at a time, to a healthy server",
    about:
      "Nanoseconds per request, its body included, over twelve batches in a row. The server is a process of its own.",
    columns: sampleColumns,
    rows: sampleRows(samples, {
      bare: names.bare,
      byHand: names.byHand,
      transient: names.transient,
      stamina: names.stamina
    }),
    ratios: [
      sampleRatio(samples, "`HttpRetry.retry` / the bare client", (round) => round.stamina / round.bare, 1.05)
    ]
  }
}

/** Room for what each way of the faulty server comes to. */
const forEachWay = () => ({
  byHand: new Array<number>(),
  transient: new Array<number>(),
  unbounded: new Array<number>(),
  stamina: new Array<number>()
})

const faulty = async (): Promise<Result> => {
  const { server, url } = await started(0.3)
  const all = ways(url)
  const measured = ["byHand", "transient", "unbounded", "stamina"] as const
  const requests = forEachWay()
  const failed = forEachWay()
  const counting = (name: typeof measured[number]) => {
    const run = atOnce(all[name])
    return async () => {
      failed[name].push(100 * await run() / calls)
      const count = await fetch(`${url}count`)
      requests[name].push(Number(await count.text()) / calls)
    }
  }
  const samples = await sampleAsync({
    byHand: counting("byHand"),
    transient: counting("transient"),
    unbounded: counting("unbounded"),
    stamina: counting("stamina")
  }, { calls, rounds: 30, runs: 6, of: mean })
  server.kill()
  const { byHand, stamina, transient, unbounded } = names
  return {
    title: "500 calls at a time, of whose requests 30 % meet a fault",
    about:
      "Nanoseconds per call, requests per call as the server counts them, and calls that fail in the end, in percent: "
      + "at most four attempts, 1 ms apart.",
    columns: [...sampleColumns, "requests", "quarters", "failed, %", "quarters"],
    rows: sampleRows(samples, { byHand, transient, unbounded, stamina }).map((row, i) => {
      const name = measured[i] ?? "stamina"
      return [...row, ...written(figure(requests[name])), ...written(figure(failed[name]))]
    }),
    ratios: [
      sampleRatio(
        samples,
        "time of `HttpRetry.retry` without a budget / of a loop by hand",
        (round) => round.unbounded / round.byHand,
        1.11
      ),
      requestRatio("`HttpRetry.retry` without a budget", requests.unbounded, requests.transient),
      requestRatio("`HttpRetry.retry`", requests.stamina, requests.transient)
    ]
  }
}

const requestRatio = (what: string, own: ReadonlyArray<number>, other: ReadonlyArray<number>): Ratio =>
  ratio(`requests of ${what} / of \`retryTransient\``, own.map((count, i) => count / (other[i] ?? Number.NaN)), 1)

console.log(JSON.stringify([await healthy(), await faulty()]))
