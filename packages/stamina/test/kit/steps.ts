/**
 * How many steps a regular expression takes over a text: counted, since time says little on a busy machine. The matcher
 * tries what a backtracking engine tries, in the same order.
 */
import { parsePattern, type Pattern } from "./patterns.ts"

export interface Count {
  readonly steps: number
  /** Where the first match begins; -1 where there is none. */
  readonly found: number
}

type Then = (at: number) => boolean

/** Looks for `regex` in `text`, as often as it is there for one with the flag `g`, and gives up after `most` steps. */
export const countSteps = (regex: RegExp, text: string, most = Infinity): Count => {
  const pattern = parsePattern(regex.source)
  const groups = new Map<string, string>()
  let steps = 0
  const step = () => {
    if (++steps > most) throw new RangeError("too many steps")
  }
  const match = (pattern: Pattern, at: number, then: Then): boolean => {
    switch (pattern._tag) {
      case "Character":
        step()
        return at < text.length && isOne(pattern.source, regex, text.charAt(at)) && then(at + 1)
      case "Edge":
        step()
        return isEdge(pattern.source, text, at) && then(at)
      case "Sequence":
        return inOrder(pattern.parts, 0, at, then)
      case "Choice":
        return pattern.parts.some((part) => match(part, at, then))
      case "Repeat":
        return repeat(pattern, 0, at, then)
      case "Group":
        return match(pattern.part, at, (end) => {
          groups.set(pattern.name, text.slice(at, end))
          return then(end)
        })
      case "Reference": {
        step()
        const again = groups.get(pattern.name) ?? ""
        return text.startsWith(again, at) && then(at + again.length)
      }
      case "Look": {
        // what looks behind is one character long here
        const seen = match(pattern.part, pattern.behind ? at - 1 : at, () => true)
        return seen !== pattern.negative && then(at)
      }
    }
  }
  const inOrder = (parts: ReadonlyArray<Pattern>, next: number, at: number, then: Then): boolean => {
    const part = parts[next]
    return part === undefined ? then(at) : match(part, at, (end) => inOrder(parts, next + 1, end, then))
  }
  const repeat = (pattern: Pattern & { readonly _tag: "Repeat" }, times: number, at: number, then: Then): boolean => {
    const { lazy, max, min, part } = pattern
    const more = () =>
      times < max && match(part, at, (end) => (end > at || times < min) && repeat(pattern, times + 1, end, then))
    if (times < min) return more()
    return lazy ? then(at) || more() : more() || then(at)
  }
  let found = -1
  for (let at = 0; at <= text.length; at++) {
    let end = at
    const matches = match(pattern, at, (to) => {
      end = to
      return true
    })
    if (matches && found < 0) found = at
    if (matches && !regex.global) break
    // the next match begins behind this one
    if (matches && end > at) at = end - 1
    if (regex.source.startsWith("^") && !regex.source.includes("|^")) break
  }
  return { steps, found }
}

const ones = new Map<string, Map<string, boolean>>()

const isOne = (source: string, { flags }: RegExp, character: string): boolean => {
  const key = `${source}/${flags}`
  const known = ones.get(key) ?? new Map<string, boolean>()
  ones.set(key, known)
  const before = known.get(character)
  if (before !== undefined) return before
  const is = new RegExp(`^${source}$`, flags.replace("g", "")).test(character)
  known.set(character, is)
  return is
}

const isEdge = (source: string, text: string, at: number): boolean => {
  if (source === "^") return at === 0
  if (source === "$") return at === text.length
  const between = /\w/.test(text.charAt(at - 1)) !== /\w/.test(text.charAt(at))
  return between === (source === "\\b")
}
