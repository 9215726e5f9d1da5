/**
 * When a server wants to be asked again: the headers that say so, the more reliable first.
 */
import type { Hint } from "../verdict/model.ts"
import { readDate } from "./dates.ts"

/** Headers by their names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>

/** When a server wants to be asked again. */
export interface ServerHint {
  /** The header that says so. */
  readonly header: string
  /** Milliseconds from now: at least 0, and finite. */
  readonly wait: number
  /** Whether the server asks for that wait. If not, it merely says when its window ends. */
  readonly asked: boolean
}

/** A header that makes no sense. */
export interface IgnoredHint {
  readonly header: string
  readonly value: string
}

/** The result of reading the headers of a response. */
export interface Reading {
  readonly hint: ServerHint | undefined
  readonly ignored: ReadonlyArray<IgnoredHint>
}

/** The verdict on a failure that is retried, by the hint of the server. */
export const ofHint = (hint: ServerHint | undefined, max: number): true | number | Hint =>
  hint === undefined || (hint.wait === 0 && !hint.asked)
    ? true
    // a server that says "now" means it: no backoff
    : hint.wait === 0
    ? 0
    : { _tag: "Hint", wait: hint.wait, max }

interface Source {
  readonly header: string
  /** Milliseconds from `now` (milliseconds since 1970, if known), below 0 for the past; undefined if it makes no sense. */
  readonly read: (value: string, now: number | undefined) => number | undefined
  /** For a header that stands on every response: how many requests are left, if that is known. */
  readonly left?: (headers: Headers) => number | undefined
}

/**
 * Reads the hints of a response to a status that is retried. The first header that makes sense counts.
 *
 * A point in time is compared with the response's `Date`, so that clocks may differ, and with `now` (milliseconds since
 * 1970) if there is none. If neither is known, it makes no sense.
 */
export const read = (headers: Headers, status: number, now: number | undefined): Reading => {
  const ignored: Array<IgnoredHint> = []
  for (const { header, left, read } of sources) {
    const value = headers[header]
    if (value === undefined) continue
    if (left !== undefined && status !== 429 && left(headers) !== 0) continue
    const wait = read(textOf(headers, header), readDate(textOf(headers, "date")) ?? now)
    if (wait !== undefined) {
      return { hint: { header, wait: Math.min(Math.max(0, wait), longest), asked: left === undefined }, ignored }
    }
    // a server can send any length, and this goes to the log
    ignored.push({ header, value: value.slice(0, 100) })
  }
  return { hint: undefined, ignored }
}

/**
 * The text of a header. One that is absent is empty, and so is one that is too long to be meant: a server can send any
 * length, and nothing else in this process runs while it is read.
 */
const textOf = (headers: Headers, header: string): string => {
  const value = headers[header] ?? ""
  return value.length > longestText ? "" : value.trim()
}

/** Several times as long as any list of quotas. */
const longestText = 1000

/** Longer than anybody waits, and small enough for exact arithmetic. */
const longest = 1e15

/** `120`, `0.5`; of several, as from several servers in a row, the longest. */
const toNumber = (value: string): number | undefined => {
  const numbers = value.split(",").map((one) => one.trim())
  return numbers.every((one) => /^\d+(?:\.\d*)?$/.test(one)) ? Math.max(...numbers.map(Number)) : undefined
}

const inMillis = (value: string): number | undefined => {
  const number = toNumber(value)
  return number === undefined ? undefined : Math.ceil(number)
}

/** Whole milliseconds, rounded up, except for the error of multiplying a fraction. */
const inSeconds = (value: string): number | undefined => {
  const number = toNumber(value)
  return number === undefined ? undefined : Math.ceil(number * 1000 - 1e-6)
}

const until = (time: number | undefined, now: number | undefined): number | undefined =>
  time === undefined || now === undefined ? undefined : time - now

/**
 * A number is seconds from now below 10⁹ (31 years), seconds since 1970 below 10¹¹ (the year 5138), else milliseconds
 * since 1970. Text is a date.
 */
const inSecondsOrAtTime = (value: string, now: number | undefined): number | undefined => {
  const number = toNumber(value)
  if (number === undefined) return until(readDate(value), now)
  if (number < 1e9) return inSeconds(value)
  return until(number < 1e11 ? number * 1000 : number, now)
}

/** One quota of a `RateLimit` header: how much of it is left, and the seconds after which there is more. */
interface Quota {
  readonly left: number | undefined
  readonly reset: string | undefined
}

/**
 * The quotas of a `RateLimit` header: `limit=100, remaining=0, reset=30` of the IETF's draft 7
 * (draft-ietf-httpapi-ratelimit-headers-07), or `"hour";r=9;t=1800, "minute";r=0;t=30` of the drafts from 8 on.
 */
const quotasOf = (value: string): ReadonlyArray<Quota> => {
  // a text without an end takes all that follows: to look for its end from each quote anew would take the square of its length
  const unquoted = value.replace(/"(?:[^"\\]|\\.)*"?/g, "")
  const members = /(?:^|,)\s*reset\s*=/.test(unquoted) ? [unquoted] : unquoted.split(",")
  return members.map((member) => ({
    left: toNumber(/(?:^|[;,])\s*r(?:emaining)?\s*=\s*([^;,\s]+)/.exec(member)?.[1] ?? ""),
    reset: /(?:^|[;,])\s*(?:t|reset)\s*=\s*([^;,\s]+)/.exec(member)?.[1]
  }))
}

const leastLeft = (quotas: ReadonlyArray<Quota>): number => Math.min(...quotas.map(({ left = Infinity }) => left))

/** Of the quotas that are the most exhausted, the one that takes the longest. */
const inQuotaReset = (value: string): number | undefined => {
  const quotas = quotasOf(value)
  const least = leastLeft(quotas)
  const waits = quotas.flatMap(({ left = Infinity, reset = "" }) => left === least ? inSeconds(reset) ?? [] : [])
  return waits.length === 0 ? undefined : Math.max(...waits)
}

const byHeader = (name: string) => (headers: Headers): number | undefined => toNumber(textOf(headers, name))

/** Requests of the server come first, then ends of windows; in each group the more precise one first. */
const sources: ReadonlyArray<Source> = [
  { header: "retry-after-ms", read: inMillis },
  { header: "retry-after", read: inSecondsOrAtTime },
  { header: "ratelimit", read: inQuotaReset, left: (headers) => leastLeft(quotasOf(textOf(headers, "ratelimit"))) },
  { header: "ratelimit-reset", read: inSecondsOrAtTime, left: byHeader("ratelimit-remaining") },
  { header: "x-ratelimit-reset-after", read: inSeconds, left: byHeader("x-ratelimit-remaining") },
  { header: "x-ratelimit-reset", read: inSecondsOrAtTime, left: byHeader("x-ratelimit-remaining") },
  { header: "x-rate-limit-reset", read: inSecondsOrAtTime, left: byHeader("x-rate-limit-remaining") }
]
