/**
 * Numbers as people read them: the words of the command line, of explanations, of findings and of the explorer.
 *
 * @since 0.2.0
 */
import * as Duration from "effect/Duration"

/**
 * A time in milliseconds, to three digits: `250ms`, `1.5s`, `2m 30s`. `Infinity` is `never`.
 *
 * @category words
 * @since 0.2.0
 */
export const time = (millis: number): string => {
  if (!Number.isFinite(millis)) return "never"
  const rounded = Number(millis.toPrecision(3))
  if (rounded < 1000) return `${rounded}ms`
  if (rounded < 60_000) return `${rounded / 1000}s`
  return Duration.format(Duration.seconds(Math.round(millis / 1000)))
}

/**
 * Two times in milliseconds: `250ms to 1.5s`, or one if both read the same.
 *
 * @category words
 * @since 0.2.0
 */
export const range = (from: number, to: number): string =>
  time(from) === time(to) ? time(from) : `${time(from)} to ${time(to)}`

/**
 * A share of 1 in percent, to one decimal: `12.3 %`. Only nothing is `0 %`, and only all is `100 %`.
 *
 * @category words
 * @since 0.2.0
 */
export const percent = (share: number): string => {
  if (share > 0 && share < 0.001) return "< 0.1 %"
  if (share < 1 && share > 0.999) return "> 99.9 %"
  return `${Number((100 * share).toFixed(1))} %`
}

/**
 * A number, to three digits if it has a fraction, with its thousands apart: `1.23`, `10 000`. `Infinity` is `unlimited`.
 *
 * @category words
 * @since 0.2.0
 */
export const count = (number: number): string => {
  if (number === Infinity) return "unlimited"
  const rounded = Number.isInteger(number) ? number : Number(number.toPrecision(3))
  const [whole = "", fraction] = String(rounded).split(".")
  const apart = whole.replace(/\B(?=(?:\d{3})+$)/g, " ")
  return fraction === undefined ? apart : `${apart}.${fraction}`
}

/**
 * The environment variable of a field of a policy, as `RetryPolicy.config` reads it: `PAYMENTS_WAIT_INITIAL`.
 *
 * @category words
 * @since 0.2.0
 */
export const variableOf = (prefix: string, field: string): string =>
  `${prefix}_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
