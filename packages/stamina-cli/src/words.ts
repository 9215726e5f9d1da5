/**
 * Numbers as people read them.
 */
import * as Duration from "effect/Duration"

/** A time in milliseconds, to three digits: `250ms`, `1.5s`, `2m 30s`. */
export const time = (millis: number): string => {
  if (!Number.isFinite(millis)) return "never"
  const rounded = Number(millis.toPrecision(3))
  if (rounded < 1000) return `${rounded}ms`
  if (rounded < 60_000) return `${rounded / 1000}s`
  return Duration.format(Duration.seconds(Math.round(millis / 1000)))
}

export const range = (from: number, to: number): string =>
  time(from) === time(to) ? time(from) : `${time(from)} to ${time(to)}`

/** A share of 1 in percent, where only nothing is 0 % and only all is 100 %. */
export const percent = (share: number): string => {
  if (share > 0 && share < 0.001) return "< 0.1 %"
  if (share < 1 && share > 0.999) return "> 99.9 %"
  return `${Number((100 * share).toFixed(1))} %`
}

/** A number with its thousands apart, to three digits at most. */
export const count = (number: number): string => {
  const rounded = Number.isInteger(number) ? number : Number(number.toPrecision(3))
  const [whole = "", fraction] = String(rounded).split(".")
  const apart = whole.replace(/\B(?=(?:\d{3})+$)/g, " ")
  return fraction === undefined ? apart : `${apart}.${fraction}`
}
