/**
 * The places of the marks of an axis.
 */

/** Round steps of time, in milliseconds: people count seconds in fifteens, and not in twenty-fives. */
const times = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  [1, 2, 6, 12, 24].map((hours) => hours * 3_600_000)
)

/** Marks for times in milliseconds, at most `most` of them. */
export const ofTime = (from: number, to: number, most: number): ReadonlyArray<number> => {
  const last = times.at(-1) ?? 1
  const step = times.find((step) => (to - from) / step <= most && step >= (to - from) / 1000)
    ?? ((to - from) < 1 ? roundStep((to - from) / most) : last * roundStep((to - from) / most / last))
  return marks(from, to, step)
}

/** Marks for numbers, at most `most` of them. */
export const ofNumber = (from: number, to: number, most: number): ReadonlyArray<number> =>
  marks(from, to, roundStep((to - from) / most))

/** 1, 2 or 5 times a power of ten, and no less than `least`. */
const roundStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10)
}

const marks = (from: number, to: number, step: number): ReadonlyArray<number> => {
  if (!(step > 0)) return [from]
  const first = Math.ceil(from / step - 1e-9)
  const count = Math.floor(to / step + 1e-9) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}
