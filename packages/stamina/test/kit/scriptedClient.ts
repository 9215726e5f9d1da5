/**
 * An HTTP client without a network, for tests of arithmetic and of what is handed on; what sockets do is the business
 * of `BadServer`.
 */
import { Clock, Effect } from "effect"
import { Headers, HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"

/** What comes of one request: a response, or `"fault"`. */
export type Step = "fault" | {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A client that answers as told, the last step for all further requests, and what it was asked to send, and when. */
export const scripted = (...steps: ReadonlyArray<Step>) => {
  const sent: Array<HttpClientRequest.HttpClientRequest> = []
  const times: Array<number> = []
  const client = HttpClient.make((request) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const step = steps[Math.min(sent.length, steps.length - 1)] ?? "fault"
      sent.push(request)
      times.push(now)
      if (step === "fault") {
        const reason = new HttpClientError.TransportError({ request, description: "no network here" })
        return Effect.fail(new HttpClientError.HttpClientError({ reason }))
      }
      return Effect.succeed(
        HttpClientResponse.fromWeb(
          request,
          new Response(step.body ?? null, { status: step.status, headers: step.headers ?? {} })
        )
      )
    })
  )
  return { client, sent, times }
}

/** A response of which nothing is there but status and headers, whatever characters they have. */
export const bareResponse = (
  status: number,
  headers: Readonly<Record<string, string>>
): HttpClientResponse.HttpClientResponse =>
  ({
    [HttpClientResponse.TypeId]: HttpClientResponse.TypeId,
    status,
    headers: Headers.fromInput(headers)
  }) as unknown as HttpClientResponse.HttpClientResponse
