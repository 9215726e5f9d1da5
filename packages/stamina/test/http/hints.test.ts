import { describe, expect, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Option, Random, Schema } from "effect"
import { Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { inTime } from "../kit/inTime.ts"
import { bareResponse, scripted } from "../kit/scriptedClient.ts"
import { recordLogs } from "../kit/telemetry.ts"

const date = "Sun, 06 Nov 1994 08:49:37 GMT"
const epoch = Date.parse(date)

/** The hint of a response whose own time is `date`, in milliseconds; `undefined` for none. */
const hint = (headers: Record<string, string>, status = 429): number | undefined =>
  Option.getOrUndefined(Option.map(HttpRetry.retryAfter(bareResponse(status, { date, ...headers })), Duration.toMillis))

describe("HttpRetry.retryAfter", () => {
  it.each([
    // seconds
    ["120", 120_000],
    ["0", 0],
    ["00007", 7000],
    [" 5 ", 5000],
    ["1.5", 1500],
    ["0.0001", 1],
    ["1.1", 1100],
    ["99999999999999999999", 1e15],
    ["9".repeat(400), 1e15],
    // as from several servers in a row
    ["5, 60, 1", 60_000],
    // the three forms of an HTTP date
    ["Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
    ["Sunday, 06-Nov-94 08:50:37 GMT", 60_000],
    ["Sun Nov  6 08:50:37 1994", 60_000],
    ["sun, 06 nov 1994 08:50:37 gmt", 60_000],
    // as Go writes dates: RFC1123, RFC1123Z, RFC850, RFC822, RFC822Z, UnixDate
    ["Sun, 06 Nov 1994 08:50:37 UTC", 60_000],
    ["Sun, 06 Nov 1994 08:50:37 +0000", 60_000],
    ["Sunday, 06-Nov-94 08:50:37 UTC", 60_000],
    ["06 Nov 94 08:50 UTC", 23_000],
    ["06 Nov 94 08:50 +0000", 23_000],
    ["Sun Nov  6 08:50:37 UTC 1994", 60_000],
    // as mail does, and Java: other offsets, days of one digit, neither the weekday nor the seconds
    ["Sun, 6 Nov 1994 08:50:37 GMT", 60_000],
    ["6 Nov 1994 08:50 +0000", 23_000],
    ["Sun, 06 Nov 1994 00:50:37 -0800", 60_000],
    ["Sun, 06 Nov 1994 14:20:37 +05:30", 60_000],
    ["Sun, 06 Nov 1994 08:50:37 UT", 60_000],
    ["Sun, 06 Nov 94 08:50:37 GMT", 60_000],
    ["Sun Nov 6 08:50:37 1994", 60_000],
    ["Sun Nov 06 08:50:37 1994", 60_000],
    // as ISO 8601 does
    ["1994-11-06T08:50:37Z", 60_000],
    ["1994-11-06T09:50:37.25+01:00", 60_250],
    // seconds and milliseconds since 1970
    ["999999999", 999_999_999_000],
    ["1000000000", 1e12 - epoch],
    ["1000000000.25", 1e12 + 250 - epoch],
    ["99999999999", 99_999_999_999_000 - epoch],
    ["5, 1000000000", 1e12 - epoch],
    [String(epoch + 60_000), 60_000],
    // leap second, leap day, other end of the year
    ["Sun, 06 Nov 1994 08:49:60 GMT", 23_000],
    ["Thu, 29 Feb 1996 00:00:00 GMT", Date.UTC(1996, 1, 29) - epoch],
    // past
    ["Sun, 06 Nov 1994 08:49:36 GMT", 0],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0]
  ])("reads Retry-After: %s", (value, millis) => {
    expect(hint({ "retry-after": value })).toBe(millis)
    expect(hint({ "retry-after": value }, 503)).toBe(millis)
    expect(hint({ "retry-after": value }, 500)).toBe(millis)
  })

  it.each([
    "",
    " ",
    "soon",
    "-1",
    "+1",
    "1e3",
    "NaN",
    "Infinity",
    "0x10",
    "1,5s",
    "5;q=1",
    "10 s",
    ".5",
    "1..2",
    "１２",
    "[object Object]",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 08:49:37 +2400",
    "Sun, 06 Nov 1994 08:49:37 +0060",
    "Sun, 06 Nov 1994 08:49:37 -0500 (EST)",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06-Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nev 1994 08:49:37 GMT",
    "Son, 06 Nov 1994 08:49:37 GMT",
    "Sun, 6 November 1994 08:49:37 GMT",
    "06 Nov 194 08:49:37 GMT",
    "1994-11-06",
    "1994-02-31T08:49:37Z",
    "1994-11-06T08:49:37"
  ])("makes no sense of Retry-After: %s", (value) => {
    expect(hint({ "retry-after": value })).toBeUndefined()
  })

  it.each([
    [{ "retry-after-ms": "250" }, 250],
    [{ "retry-after-ms": "0.5" }, 1],
    [{ "ratelimit-reset": "30" }, 30_000],
    [{ "x-ratelimit-reset-after": "1.2" }, 1200],
    [{ "x-ratelimit-reset": "30" }, 30_000],
    [{ "x-rate-limit-reset": "30" }, 30_000],
    // a time below 10⁹ is seconds from now, below 10¹¹ seconds since 1970, else milliseconds since 1970
    [{ "x-ratelimit-reset": "999999999" }, 999_999_999_000],
    [{ "x-ratelimit-reset": "1000000000" }, 1e12 - epoch],
    [{ "x-ratelimit-reset": "1000000000.25" }, 1e12 + 250 - epoch],
    [{ "x-ratelimit-reset": "99999999999" }, 99_999_999_999_000 - epoch],
    [{ "x-ratelimit-reset": "100000000000" }, 0],
    [{ "x-ratelimit-reset": String(epoch + 60_000) }, 60_000],
    [{ "ratelimit-reset": "1000000000" }, 1e12 - epoch],
    // text is a date
    [{ "x-ratelimit-reset": "1994-11-06T08:50:06Z" }, 29_000],
    [{ "x-ratelimit-reset": "1994-11-06T08:50:06.5Z" }, 29_500],
    [{ "x-ratelimit-reset": "1994-11-06T09:50:06+01:00" }, 29_000],
    [{ "x-ratelimit-reset": "1994-11-06T08:49Z" }, 0],
    [{ "x-ratelimit-reset": "Sun, 06 Nov 1994 08:50:06 GMT" }, 29_000],
    [{ "x-rate-limit-reset": "1994-11-06T08:50:06Z" }, 29_000],
    [{ "ratelimit-reset": "Sunday, 06-Nov-94 08:50:06 GMT" }, 29_000],
    // no time zone, no time, no date, no sense
    [{ "x-ratelimit-reset": "1994-11-06T08:50:06" }, undefined],
    [{ "x-ratelimit-reset": "1994-11-06" }, undefined],
    [{ "x-ratelimit-reset": "1994-13-06T08:50:06Z" }, undefined],
    [{ "x-ratelimit-reset": "1994-11-31T08:50:06Z" }, undefined],
    [{ "x-ratelimit-reset": "Sun, 6 Nov 1994 08:50:06 UTC" }, 29_000],
    [{ "x-ratelimit-reset": "tomorrow" }, undefined],
    [{ "x-ratelimit-reset-after": "1994-11-06T08:50:06Z" }, undefined],
    // the IETF's draft 7
    [{ "ratelimit": "limit=100, remaining=0, reset=30" }, 30_000],
    [{ "ratelimit": "reset=30,remaining=0" }, 30_000],
    [{ "ratelimit": "limit=100, remaining=7, reset=30" }, 30_000],
    [{ "ratelimit": "limit=100, remaining=0, reset=soon" }, undefined],
    [{ "ratelimit": "limit=100, remaining=0" }, undefined],
    // and the drafts from 8 on
    [{ "ratelimit": "\"default\";r=0;t=30" }, 30_000],
    [{ "ratelimit": "\"default\"; r=0; t=30" }, 30_000],
    [{ "ratelimit": "default;t=30;r=0" }, 30_000],
    [{ "ratelimit": "\"a, b;r=9;t=9\";r=0;t=30;pk=:cHsdsRa894==:" }, 30_000],
    [{ "ratelimit": "\"say \\\"no\\\"\";r=0;t=30" }, 30_000],
    [{ "ratelimit": "\"default\";t=30" }, 30_000],
    [{ "ratelimit": "\"default\";r=0" }, undefined],
    [{ "ratelimit": "" }, undefined],
    // of several, the longest among those with the least left
    [{ "ratelimit": "\"day\";r=100;t=3600, \"minute\";r=0;t=30" }, 30_000],
    [{ "ratelimit": "\"second\";r=0;t=1, \"minute\";r=0;t=30, \"day\";r=1;t=3600" }, 30_000],
    [{ "ratelimit": "\"day\";r=9;t=3600, \"minute\";r=1;t=30" }, 30_000]
  ])("reads %o", (headers, millis) => {
    expect(hint(headers)).toBe(millis)
  })

  it("believes the headers in the documented order, and passes over what makes no sense", () => {
    const order = [
      "retry-after-ms",
      "retry-after",
      "ratelimit",
      "ratelimit-reset",
      "x-ratelimit-reset-after",
      "x-ratelimit-reset",
      "x-rate-limit-reset"
    ]
    for (const [i, header] of order.entries()) {
      const value = (header: string, seconds: string) => header === "ratelimit" ? `"all";r=0;t=${seconds}` : seconds
      const rest = Object.fromEntries(order.slice(i + 1).map((later) => [later, value(later, "77")]))
      const before = Object.fromEntries(order.slice(0, i).map((earlier) => [earlier, "nonsense"]))
      expect(hint({ ...before, ...rest, [header]: value(header, "8") })).toBe(i === 0 ? 8 : 8000)
    }
  })

  it("counts when a window ends only for a 429, or where nothing is left in it", () => {
    for (
      const [header, remaining] of [
        ["ratelimit-reset", "ratelimit-remaining"],
        ["x-ratelimit-reset-after", "x-ratelimit-remaining"],
        ["x-ratelimit-reset", "x-ratelimit-remaining"],
        ["x-rate-limit-reset", "x-rate-limit-remaining"]
      ] as const
    ) {
      expect(hint({ [header]: "5" }, 429)).toBe(5000)
      expect(hint({ [header]: "5", [remaining]: "3" }, 429)).toBe(5000)
      expect(hint({ [header]: "5" }, 503)).toBeUndefined()
      expect(hint({ [header]: "5", [remaining]: "3" }, 503)).toBeUndefined()
      expect(hint({ [header]: "5", [remaining]: "0" }, 503)).toBe(5000)
      expect(hint({ [header]: "5", [remaining]: "none" }, 403)).toBeUndefined()
    }
    for (const left of ["remaining=3, reset=5", "\"default\";r=3;t=5"]) {
      expect(hint({ ratelimit: left }, 429)).toBe(5000)
      expect(hint({ ratelimit: left }, 503)).toBeUndefined()
      expect(hint({ ratelimit: left.replace("3", "0") }, 503)).toBe(5000)
    }
    expect(hint({ ratelimit: "\"default\";t=5" }, 503)).toBeUndefined()
  })

  it("cannot tell how far off a point in time is where the response has no Date", () => {
    const at = bareResponse(429, { "retry-after": date, "x-ratelimit-reset": "1700000000" })
    expect(HttpRetry.retryAfter(at)).toEqual(Option.none())
    expect(HttpRetry.retryAfter(bareResponse(429, { "retry-after": date, "x-ratelimit-reset": "9" }))).toEqual(
      Option.some(Duration.seconds(9))
    )
  })

  it.each([
    ["retry-after", "5"],
    ["retry-after-ms", "5000"],
    ["ratelimit", "\"a\";r=0;t=5"],
    ["x-ratelimit-reset", "5"]
  ])("reads no %s of more than 1000 characters, and none as long without it", (header, value) => {
    expect(hint({ [header]: value + ",".padEnd(1000 - value.length, " ") + "x" })).toBeUndefined()
    expect(hint({ [header]: value.padStart(1000) })).toBe(5000)
    expect(hint({ [header]: value.padStart(1001) })).toBeUndefined()
    expect(hint({ [header]: value.padStart(1001), "x-rate-limit-reset": "7" })).toBe(7000)
  })

  it("takes a response of fetch", () => {
    const response = (headers: Record<string, string>, status = 429) => new Response(null, { status, headers })
    expect(HttpRetry.retryAfter(response({ "Retry-After": "3" }))).toEqual(Option.some(Duration.seconds(3)))
    expect(HttpRetry.retryAfter(response({ date, "retry-after": "Sun, 06 Nov 1994 08:50:37 GMT" })))
      .toEqual(Option.some(Duration.minutes(1)))
    expect(HttpRetry.retryAfter(response({ "x-ratelimit-reset": "3" }))).toEqual(Option.some(Duration.seconds(3)))
    expect(HttpRetry.retryAfter(response({ "x-ratelimit-reset": "3" }, 503))).toEqual(Option.none())
    expect(HttpRetry.retryAfter(response({}))).toEqual(Option.none())
  })

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["429", "\"429\""],
    [{ status: 429 }, "{\"status\":429}"],
    [{ status: 429, headers: { "retry-after": "3" } }, "{\"status\":429,\"headers\":{\"retry-after\":\"3\"}}"],
    [{ status: "429", headers: [] }, "{\"status\":\"429\",\"headers\":[]}"]
  ])("refuses what is no response, %o", (failure, shown) => {
    // @ts-expect-error: the types refuse it as well
    expect(() => HttpRetry.retryAfter(failure)).toThrow(
      new RangeError(
        "HttpRetry.retryAfter: failure must be an HttpClientError, an HttpClientResponse or a Response, got " + shown
      )
    )
  })

  it("takes errors, too", () => {
    const request = HttpClientRequest.get("http://localhost")
    const response = bareResponse(503, { "retry-after": "3" })
    const error = (reason: HttpClientError.HttpClientErrorReason) => new HttpClientError.HttpClientError({ reason })
    expect(HttpRetry.retryAfter(error(new HttpClientError.StatusCodeError({ request, response })))).toEqual(
      Option.some(Duration.seconds(3))
    )
    expect(HttpRetry.retryAfter(error(new HttpClientError.TransportError({ request })))).toEqual(Option.none())
  })

  it.prop("never throws, and answers a finite wait or none, whatever the headers hold", [
    Schema.String,
    Schema.String,
    Schema.String,
    Schema.Int
  ], ([a, b, c, status]) => {
    const headers = {
      "retry-after-ms": a,
      "retry-after": b,
      "x-ratelimit-reset": c,
      ratelimit: `${b};r=0;t=${c}`,
      date: a
    }
    const wait = Option.map(HttpRetry.retryAfter(bareResponse(status, headers)), Duration.toMillis)
    if (Option.isSome(wait)) expect(wait.value).toSatisfy((n: number) => n >= 0 && Number.isFinite(n))
  }, { arbitrary: { runs: 500 } })

  const seconds = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e8 }))

  it.prop("is never shorter than what is written, and grows with it", [seconds, seconds], ([a, b]) => {
    // no exponents
    const [less, more] = [Math.min(a, b).toFixed(6), Math.max(a, b).toFixed(6)]
    const [first = NaN, second = NaN] = [hint({ "retry-after": less }), hint({ "retry-after": more })]
    expect(second).toBeGreaterThanOrEqual(first)
    expect(first).toBeGreaterThanOrEqual(Math.floor(Number(less) * 1000))
    expect(first).toBeLessThan(Number(less) * 1000 + 1)
  })

  const instant = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4_000_000_000 }))

  it.prop("finds every point in time that can be written as an HTTP date", [instant, instant], ([now, then]) => {
    const headers = { date: imf(now), "retry-after": imf(then) }
    expect(HttpRetry.retryAfter(bareResponse(503, headers))).toEqual(
      Option.some(Duration.millis(Math.max(0, then - now) * 1000))
    )
  })
})

const imf = (seconds: number): string => new Date(seconds * 1000).toUTCString()

const plain = { waitInitial: 100, waitJitter: 0, attempts: 3 } as const

/** When the requests were sent, in virtual milliseconds, and the reason for giving up. */
const times = (
  headers: Record<string, string>,
  options: HttpRetry.Options = plain,
  deadline: Duration.Input = Duration.infinity
) =>
  Effect.gen(function*() {
    const { client, times } = scripted({ status: 429, headers })
    const start = yield* Clock.currentTimeMillis
    // one call after the other fails, which a budget would notice
    const call = HttpRetry.retry(client, { budget: "none", ...options }).get("http://localhost")
    const response = yield* inTime(Stamina.withDeadline(call, deadline))
    const reason = Option.getOrUndefined(Option.map(Stamina.report(response), ({ reason }) => reason))
    return { times: times.map((time) => time - start), reason }
  }).pipe(Effect.provide(Stamina.layerHooks([])))

describe("the waits of HttpRetry.retry", () => {
  it.effect("are the default ones without a hint", () =>
    Effect.gen(function*() {
      expect((yield* times({})).times).toEqual([0, 100, 300])
    }))

  it.effect("are at least what the server asks for, and longer where the backoff is", () =>
    Effect.gen(function*() {
      expect((yield* times({ "retry-after": "2" })).times).toEqual([0, 2000, 4000])
      expect((yield* times({ "retry-after-ms": "150" })).times).toEqual([0, 150, 350])
    }))

  it.effect("gain jitter on top of a hint", () =>
    Effect.gen(function*() {
      const half = { nextDoubleUnsafe: () => 0.5, nextIntUnsafe: () => 0 }
      const { times: sent } = yield* times({ "retry-after": "2" }, { ...plain, waitJitter: 1000 }).pipe(
        Effect.provideService(Random.Random, half)
      )
      expect(sent).toEqual([0, 2500, 5000])
    }))

  it.effect("are none where the server asks for none, by seconds or by a date that is past", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(epoch)
      for (const value of ["0", date, "Thu, 01 Jan 1970 00:00:00 GMT"]) {
        expect((yield* times({ "retry-after": value }, { ...plain, waitJitter: 1000 })).times).toEqual([0, 0, 0])
      }
    }))

  it.effect("are the default ones where a window is merely over", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(epoch)
      for (const value of ["0", "100000000000"]) {
        expect((yield* times({ "x-ratelimit-reset": value })).times).toEqual([0, 100, 300])
      }
    }))

  it.effect("go by the Date of the response, whatever the clock here says", () =>
    Effect.gen(function*() {
      const server = Date.parse("Fri, 11 Sep 2026 06:27:00 GMT")
      const dates = [
        imf(server / 1000),
        imf(server / 1000).replace("GMT", "UTC"),
        imf(server / 1000).replace("GMT", "+0000"),
        "Fri, 11 Sep 2026 08:27:00 +0200",
        "11 Sep 26 06:27 UTC"
      ]
      for (const [i, here] of [0, server, server + 120_000, server - 120_000, server].entries()) {
        const date = dates[i] ?? ""
        yield* TestClock.setTime(here)
        for (
          const hint of [
            { "retry-after": String(server / 1000 + 2) },
            { "retry-after": String(server + 2000) },
            { "retry-after": "Fri, 11 Sep 2026 06:27:02 UTC" },
            { "retry-after": imf(server / 1000 + 2) },
            { "x-ratelimit-reset": String(server / 1000 + 2) },
            { "x-ratelimit-reset": "2026-09-11T06:27:02Z" }
          ]
        ) expect((yield* times({ date, ...hint })).times).toEqual([0, 2000, 4000])
      }
    }))

  it.effect("go by the Clock where the response has no Date, or none that makes sense", () =>
    Effect.gen(function*() {
      for (const headers of [{}, { date: "today" }]) {
        yield* TestClock.setTime(epoch)
        // asked 30 s later, the same date is past
        expect((yield* times({ ...headers, "retry-after": imf(epoch / 1000 + 30) })).times).toEqual([0, 30_000, 30_000])
      }
    }))

  it.effect("go by the Clock for a number from 10⁹ on where the response has no Date", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1.8e12)
      expect((yield* times({ "retry-after": String(1.8e9 + 30) })).times).toEqual([0, 30_000, 30_000])
    }))

  it.effect("are reckoned anew for an error that comes twice", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(epoch)
      const response = bareResponse(503, { "retry-after": imf(epoch / 1000 + 30) })
      const request = HttpClientRequest.get("http://localhost")
      const error = new HttpClientError.HttpClientError({
        reason: new HttpClientError.StatusCodeError({ request, response })
      })
      const { client, times } = scripted({ status: 200 })
      const failing = HttpClient.transformResponse(client, Effect.andThen(Effect.fail(error)))
      yield* inTime(Effect.flip(HttpRetry.retry(failing, plain).execute(request)))
      expect(times.map((time) => time - epoch)).toEqual([0, 30_000, 30_000])
    }).pipe(Effect.provide(Stamina.layerHooks([]))))

  it.effect("are not begun where the hint is longer than maxHint", () =>
    Effect.gen(function*() {
      expect(yield* times({ "retry-after": "60" }, { ...plain, timeout: "1 hour" })).toEqual({
        times: [0, 60_000, 120_000],
        reason: "AttemptsExhausted"
      })
      expect(yield* times({ "retry-after": "61" }, plain)).toEqual({ times: [0], reason: "HintTooLong" })
      expect(yield* times({ "retry-after": "11" }, { ...plain, maxHint: "10 seconds" })).toEqual({
        times: [0],
        reason: "HintTooLong"
      })
      expect(
        (yield* times({ "retry-after": "1000" }, { ...plain, maxHint: Duration.infinity, timeout: "1 hour" })).times
      )
        .toEqual([0, 1_000_000, 2_000_000])
      expect(yield* times({ "retry-after": "9".repeat(400) }, { ...plain, maxHint: Duration.infinity })).toEqual({
        times: [0],
        reason: "WaitExceedsTimeout"
      })
    }))

  it.effect("are not begun where the hint does not fit the timeout or the deadline", () =>
    Effect.gen(function*() {
      expect(yield* times({ "retry-after": "6" }, { ...plain, timeout: "10 seconds" })).toEqual({
        times: [0, 6000],
        reason: "WaitExceedsTimeout"
      })
      expect(yield* times({ "retry-after": "6" }, plain, "5 seconds")).toEqual({
        times: [0],
        reason: "WaitExceedsDeadline"
      })
    }))

  it.effect("both numbers are named when a hint is refused", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const { client } = scripted({ status: 503, headers: { "retry-after": "120" } })
      yield* provide(HttpRetry.retry(client, { maxHint: "90 seconds", budget: "none" }).get("http://localhost"))
      const line = lines.find(({ message }) => message === "stamina.gave_up")
      expect(line?.annotations["reason"]).toBe("HintTooLong")
      expect(line?.annotations["summary"]).toMatch(/a wait of 120s, 90s/)
    }))

  it.effect("what makes no sense is logged at debug, shortened", () =>
    Effect.gen(function*() {
      const { lines, provide } = recordLogs()
      const { client } = scripted({ status: 503, headers: { "retry-after": "x".repeat(1000) } }, { status: 200 })
      yield* inTime(provide(HttpRetry.retry(client, plain).get("http://localhost/secret?token=1")))
      const line = lines.find(({ message }) => message === "stamina.hint_ignored")
      expect(line).toEqual({
        level: "Debug",
        message: "stamina.hint_ignored",
        annotations: { callable: "GET localhost", header: "retry-after", value: "x".repeat(100) }
      })
    }))

  it.effect("HttpRetry.on reckons the same from the response's own Date", () =>
    Effect.gen(function*() {
      const request = HttpClientRequest.get("http://localhost")
      const error = (headers: Record<string, string>, status = 503) =>
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.StatusCodeError({ request, response: bareResponse(status, headers) })
        })
      expect(HttpRetry.on(error({}))).toBe(true)
      expect(HttpRetry.on(error({}, 404))).toBe(false)
      expect(HttpRetry.on(error({ "retry-after": "7" }))).toEqual({ _tag: "Hint", wait: 7000, max: 60_000 })
      expect(HttpRetry.on(error({ "retry-after": "0" }))).toBe(0)
      expect(HttpRetry.on(error({ date, "retry-after": "Sun, 06 Nov 1994 08:49:47 GMT" }))).toEqual({
        _tag: "Hint",
        wait: 10_000,
        max: 60_000
      })
      expect(HttpRetry.on(error({ "retry-after": date }))).toBe(true)
      const exit = yield* Effect.exit(
        Stamina.retry(Effect.fail(error({ "retry-after": "3600" })), { on: HttpRetry.on })
      )
      expect(Exit.isFailure(exit)).toBe(true)
    }).pipe(Effect.provide(Stamina.layerHooks([]))))
})
