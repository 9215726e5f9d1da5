import { describe, expect, it, vi } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Schema } from "effect"
import { RetryOn, RetryPolicy, Stamina } from "effect-stamina"
import * as HttpRetry from "effect-stamina/HttpRetry"
import * as RetryConfig from "effect-stamina/RetryConfig"
import { forms } from "../../src/http/dates.ts"
import { percentagePattern } from "../../src/policy/jitter.ts"
import { durationPattern } from "../../src/policy/spelling.ts"
import { hostileTexts, samplesOf, textOf } from "../kit/hostileTexts.ts"
import { isUnbounded, parsePattern } from "../kit/patterns.ts"
import { bareResponse } from "../kit/scriptedClient.ts"
import { regularExpressions } from "../kit/sources.ts"
import { countSteps } from "../kit/steps.ts"

/** The regular expressions that the sources make of texts, by the end of the file's name. */
const made: Readonly<Record<string, ReadonlyArray<RegExp>>> = {
  "http/dates.ts": forms,
  // a choice of texts
  "http/codes.ts": [],
  "policy/jitter.ts": [new RegExp(percentagePattern)]
}

/** Those that are not linear, and why what they read is short. */
const short: ReadonlyArray<readonly [start: string, why: string]> = [
  [String.raw`\B(?=(?:\d{3})+$)`, "the digits of a number"]
]

const found = regularExpressions()
const literals = found.flatMap(({ regex }) => regex ?? [])
const all = [...literals, ...Object.values(made).flat(), new RegExp(durationPattern)]

/** How many times as many steps it takes over four times as much of the text. */
const growth = (regex: RegExp, hostile: { start: string; middle: string; end: string }): number => {
  const times = Math.ceil(60 / hostile.middle.length)
  const [less, more] = [times, 4 * times].map((times) => countSteps(regex, textOf(hostile, times), 200_000).steps)
  return (more ?? 0) / (less ?? 1)
}

const worst = (regex: RegExp): readonly [growth: number, text: string] => {
  let most: readonly [number, string] = [0, ""]
  for (const hostile of hostileTexts(regex, 600)) {
    const grown = growth(regex, hostile)
    if (grown > most[0]) most = [grown, JSON.stringify(hostile)]
  }
  return most
}

describe("counting steps", () => {
  it("finds what the platform finds", () => {
    for (const regex of all) {
      const samples = samplesOf(regex, 30)
      for (const text of [...samples, ...samples.map((text) => `x${text}!`), "", "10 seconds", "a,b;r=0"]) {
        expect([regex.source, text, countSteps(regex, text).found]).toEqual([regex.source, text, text.search(regex)])
      }
    }
  })

  it.each([
    /^(?:a+)+$/,
    /"(?:[^"\\]|\\.)*"/g,
    /\s+$/,
    /^\d+\d+$/,
    /,\s*\s*,/
  ])("sees that %s is not linear", (regex) => {
    expect(() => {
      expect(worst(regex)[0]).toBeLessThan(5)
    }).toThrow(/to be less than 5|too many steps/)
  })
})

describe("every regular expression of the sources", () => {
  it("is seen here", () => {
    expect(literals.length).toBeGreaterThan(20)
    const files = found.flatMap(({ file, regex }) => regex === undefined ? [file] : [])
    for (const file of files) expect(Object.keys(made).filter((name) => file.endsWith(name))).toHaveLength(1)
  })

  it.each(all.map((regex) => [regex] as const))("takes steps in proportion to the length of a text: %s", (regex) => {
    const exempt = short.some(([start]) => regex.source.startsWith(start))
    if (!isUnbounded(parsePattern(regex.source))) return
    const [grown, text] = worst(regex)
    if (exempt) expect(grown).toBeGreaterThan(5)
    else expect([grown, text]).toSatisfy(([grown]: readonly [number, string]) => grown < 5)
  })
})

/** The longest text that a regular expression was used on meanwhile. */
const longestRead = (use: () => void): number => {
  const exec = vi.spyOn(RegExp.prototype, "exec")
  try {
    use()
    return exec.mock.calls.reduce((longest, [text]) => Math.max(longest, text.length), 0)
  } finally {
    exec.mockRestore()
  }
}

/** Texts of a kind, with a million characters. */
const long = ["\"\\", "9", "1,", " ", ";r=0", "\"", ",reset", "Sun, ", "1 ", "0.", "\"a\";r=0;t=5,"]
  .map((part) => part.repeat(1_000_000 / part.length))

describe("what others send", () => {
  it("is read to 1000 characters at most, where it is a header", () => {
    const headers = [
      "retry-after-ms",
      "retry-after",
      "ratelimit",
      "ratelimit-reset",
      "ratelimit-remaining",
      "x-ratelimit-reset-after",
      "x-ratelimit-reset",
      "x-ratelimit-remaining",
      "x-rate-limit-reset",
      "x-rate-limit-remaining",
      "date"
    ]
    const longest = longestRead(() => {
      for (const text of [...long, ...long.map((text) => text.slice(0, 1000))]) {
        for (const status of [429, 503]) {
          HttpRetry.retryAfter(bareResponse(status, Object.fromEntries(headers.map((header) => [header, text]))))
          HttpRetry.retryAfter(bareResponse(status, { date: text, "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" }))
        }
      }
    })
    expect(longest).toBe(1000)
  })

  it("is no duration where it is longer than 1000 characters", () => {
    for (const unit of [" nanos", " micros", " millis", " weeks"]) {
      const text = (length: number) => `${"0".repeat(length - 1 - unit.length)}9${unit}`
      const decode = Schema.decodeUnknownExit(RetryPolicy.Schema)
      expect(Exit.isSuccess(decode({ waitInitial: text(1000) }))).toBe(true)
      expect(Exit.isSuccess(decode({ waitInitial: text(1001) }))).toBe(false)
      expect(() => RetryOn.atLeast(text(1001) as "9 nanos")).toThrow(RangeError)
      expect(() => Stamina.retry({ on: "A", timeout: text(1001) as "9 nanos" })).toThrow(RangeError)
    }
  })

  it("gets a clear answer, however long it is: policies in JSON and in the environment", () => {
    const names = Object.keys(RetryPolicy.defaults)
    for (const text of long.map((text) => text.slice(0, 20_000))) {
      for (const name of names) {
        Schema.decodeUnknownExit(RetryPolicy.Schema)({ [name]: text })
        Schema.decodeUnknownExit(RetryPolicy.Schema)({ [name]: text.slice(0, 1000), [text]: 1 })
      }
      const env = Object.fromEntries(names.map((name) => [`X_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`, text]))
      const provider = ConfigProvider.fromEnv({ env: { ...env, X_ACTIVE: text, X_NESTED: text, X_MAX_ATTEMPTS: text } })
      const exits = [
        RetryPolicy.config("X").parse(provider),
        Effect.scoped(Effect.provide(
          Effect.void,
          RetryConfig.layer("X")
        )).pipe(Effect.provideService(ConfigProvider.ConfigProvider, provider))
      ].map((effect) => Effect.runSync(Effect.exit(effect)))
      for (const exit of exits) {
        expect(Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Fail")).toBe(true)
      }
    }
  })
})
