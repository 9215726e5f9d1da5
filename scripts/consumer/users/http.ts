import type { HttpClient, HttpClientError } from "effect/http"
import * as house from "house/http"
import { type HttpError, same } from "./expect.js"

type Plain = HttpClient.HttpClient.With<HttpError>
type Limited = HttpClient.HttpClient.With<HttpError | HttpClientError.HttpClientError>

export const use = (client: Plain) => {
  const retried = client.pipe(house.retry())
  same<typeof retried, Plain>(true)
  const limited = client.pipe(house.retry({ attemptTimeout: "1 second" }))
  same<typeof limited, Limited>(true)
  const first = house.retryFirst(client, { readBody: true })
  same<typeof first, Limited>(true)
  const limitedFirst = house.retryFirst(client, { attemptTimeout: "1 second" })
  same<typeof limitedFirst, Limited>(true)
  // @ts-expect-error: no duration
  house.retry({ attemptTimeout: true })
  // @ts-expect-error: no client
  house.retryFirst(1)
  return { retried, limited, first, limitedFirst }
}
