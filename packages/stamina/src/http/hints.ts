/**
 * What a server says about when to come back: the headers that hold it, in the order in which they are believed.
 */
import * as DateTime from "effect/DateTime"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"

/** When a server wants to be asked again. */
export interface ServerHint {
  /** The header that says so. */
  readonly header: string
  /** Milliseconds from now: at least 0, and finite. */
  readonly wait: number
  /** Whether the server asks for that, or merely tells when its window ends. */
  readonly asked: boolean
}

/** A header that nothing could be made of. */
export interface IgnoredHint {
  readonly header: string
  readonly value: string
}

/** What the headers of a response say. */
export interface Reading {
  readonly hint: ServerHint | undefined
  readonly ignored: ReadonlyArray<IgnoredHint>
}

interface Source {
  readonly header: string
  /** Milliseconds from `now` (milliseconds since 1970, if known), below 0 for what is past; undefined for no sense. */
  readonly read: (value: string, now: number | undefined) => number | undefined
  /** For a header that stands on every response, in need or not: the one that says how many requests are left. */
  readonly remaining?: string
}

/**
 * Reads the hints of a response to a status that is retried. The first header that makes sense counts.
 *
 * `now` is milliseconds since 1970; where it is not known, hints that are points in time make no sense.
 */
export const read = (headers: Headers.Headers, status: number, now: number | undefined): Reading => {
  const ignored: Array<IgnoredHint> = []
  for (const { header, read, remaining } of sources) {
    const value = headers[header]
    if (value === undefined) continue
    if (remaining !== undefined && status !== 429 && toNumber(headers[remaining] ?? "") !== 0) continue
    const wait = read(value.trim(), now)
    if (wait !== undefined) {
      const hint = { header, wait: Math.min(Math.max(0, wait), longest), asked: remaining === undefined }
      return { hint, ignored }
    }
    // servers can send what they like, and logs are no place for all of it
    ignored.push({ header, value: value.slice(0, 100) })
  }
  return { hint: undefined, ignored }
}

/** The point in time that a response carries itself, in milliseconds since 1970. */
export const serverTime = (headers: Headers.Headers): number | undefined => toDate(headers["date"] ?? "")

/** Longer than anybody waits, and still a number that arithmetic is exact with. */
const longest = 1e15

/** `120`, `0.5`; of several, as from several servers in a row, the longest. */
const toNumber = (value: string): number | undefined => {
  const numbers = value.split(",").map((one) => one.trim())
  return numbers.every((one) => /^\d+(?:\.\d*)?$/.test(one)) ? Math.max(...numbers.map(Number)) : undefined
}

const toDate = (value: string): number | undefined =>
  Result.getOrUndefined(Result.map(Headers.parseHttpDate(value), DateTime.toEpochMillis))

const inMillis = (value: string): number | undefined => {
  const number = toNumber(value)
  return number === undefined ? undefined : Math.ceil(number)
}

/** Whole milliseconds, rounded up but for what a product of fractions is off by. */
const inSeconds = (value: string): number | undefined => {
  const number = toNumber(value)
  return number === undefined ? undefined : Math.ceil(number * 1000 - 1e-6)
}

const until = (time: number | undefined, now: number | undefined): number | undefined =>
  time === undefined || now === undefined ? undefined : time - now

/** Seconds from now, or an HTTP date. */
const inSecondsOrAtDate = (value: string, now: number | undefined): number | undefined =>
  inSeconds(value) ?? until(toDate(value), now)

/**
 * Seconds from now below 10⁹ (31 years); seconds since 1970 below 10¹¹ (the year 5138); else milliseconds since 1970.
 */
const inSecondsOrAtEpoch = (value: string, now: number | undefined): number | undefined => {
  const number = toNumber(value)
  if (number === undefined || number < 1e9) return inSeconds(value)
  return until(number < 1e11 ? number * 1000 : number, now)
}

/** In the order in which they are believed: what was asked for, then what can be concluded; the more precise first. */
const sources: ReadonlyArray<Source> = [
  { header: "retry-after-ms", read: inMillis },
  { header: "retry-after", read: inSecondsOrAtDate },
  { header: "ratelimit-reset", read: inSecondsOrAtEpoch, remaining: "ratelimit-remaining" },
  { header: "x-ratelimit-reset-after", read: inSeconds, remaining: "x-ratelimit-remaining" },
  { header: "x-ratelimit-reset", read: inSecondsOrAtEpoch, remaining: "x-ratelimit-remaining" },
  { header: "x-rate-limit-reset", read: inSecondsOrAtEpoch, remaining: "x-rate-limit-remaining" }
]
