/**
 * Long texts that are hard to read: made of what a regular expression looks for, with a part of it again and again.
 */
import { parsePattern, type Pattern } from "./patterns.ts"

/** A text that can be made longer: `middle` as often as one wants. */
export interface Hostile {
  readonly start: string
  readonly middle: string
  readonly end: string
}

export const textOf = ({ end, middle, start }: Hostile, times: number): string => start + middle.repeat(times) + end

/** Numbers from 0 to 1, the same in each run. */
const chances = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296
  return seed / 4_294_967_296
}

const alphabet = Array.from(" \t\n!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~é")

/** Texts that match, or nearly do. */
export const samplesOf = (regex: RegExp, count: number, seed = 1): ReadonlyArray<string> => {
  const chance = chances(seed)
  const pick = <A>(list: ReadonlyArray<A>): A | undefined => list[Math.floor(chance() * list.length)]
  // characters that stand elsewhere in the pattern lead further than others
  const own = Array.from(regex.source.replaceAll("\\", ""))
  const sample = (pattern: Pattern): string => {
    switch (pattern._tag) {
      case "Character": {
        const one = new RegExp(`^${pattern.source}$`, regex.flags.replace("g", ""))
        const fitting = (chance() < 0.6 ? [...own, ...alphabet] : alphabet).filter((character) => one.test(character))
        return pick(fitting.length > 0 ? fitting : [...own, ...alphabet].filter((character) => one.test(character))) ??
          ""
      }
      case "Edge":
        return ""
      case "Look":
        return pattern.negative ? "" : sample(pattern.part)
      case "Reference":
        return " "
      case "Sequence":
        return pattern.parts.map(sample).join("")
      case "Choice": {
        const part = pick(pattern.parts)
        return part === undefined ? "" : sample(part)
      }
      case "Group":
        return sample(pattern.part)
      case "Repeat": {
        const times = Math.min(pattern.max, pattern.min + Math.floor(chance() * 3))
        return Array.from({ length: times }, () => sample(pattern.part)).join("")
      }
    }
  }
  const pattern = parsePattern(regex.source)
  return Array.from({ length: count }, () => sample(pattern))
}

/** Hostile texts for a regular expression: a sample of it, of which a part is repeated, and then goes wrong. */
export const hostileTexts = (regex: RegExp, count: number): ReadonlyArray<Hostile> => {
  const chance = chances(2)
  const samples = samplesOf(regex, 40, 3).filter((sample) => sample !== "")
  return Array.from({ length: count }, () => {
    const sample = samples[Math.floor(chance() * samples.length)] ?? "x"
    const from = Math.floor(chance() * sample.length)
    // short parts, and all that are longer
    const length = 1 + Math.floor(chance() * (chance() < 0.5 ? 3 : sample.length))
    const middle = sample.slice(from, from + length)
    const wrong = ["", "!", "\u0000", " ", sample.slice(from + length)][Math.floor(chance() * 5)] ?? ""
    return { start: sample.slice(0, from), middle, end: wrong }
  })
}
