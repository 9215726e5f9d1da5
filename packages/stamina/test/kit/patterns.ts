/**
 * The syntax of regular expressions, as far as the sources use it; anything else is refused.
 */
export type Pattern =
  /** One character: a literal, an escape, a class, a dot. */
  | { readonly _tag: "Character"; readonly source: string }
  /** `^`, `$`, `\b`, `\B`: a place, and no character. */
  | { readonly _tag: "Edge"; readonly source: string }
  | { readonly _tag: "Sequence"; readonly parts: ReadonlyArray<Pattern> }
  | { readonly _tag: "Choice"; readonly parts: ReadonlyArray<Pattern> }
  | {
    readonly _tag: "Repeat"
    readonly part: Pattern
    readonly min: number
    readonly max: number
    readonly lazy: boolean
  }
  | { readonly _tag: "Look"; readonly part: Pattern; readonly behind: boolean; readonly negative: boolean }
  | { readonly _tag: "Group"; readonly part: Pattern; readonly name: string }
  | { readonly _tag: "Reference"; readonly name: string }

const edges = ["^", "$", "\\b", "\\B"]
const openings: ReadonlyArray<readonly [RegExp, (part: Pattern, name: string) => Pattern]> = [
  [/\(\?:/y, (part) => part],
  [/\(\?=/y, (part) => ({ _tag: "Look", part, behind: false, negative: false })],
  [/\(\?!/y, (part) => ({ _tag: "Look", part, behind: false, negative: true })],
  [/\(\?<=/y, (part) => ({ _tag: "Look", part, behind: true, negative: false })],
  [/\(\?<!/y, (part) => ({ _tag: "Look", part, behind: true, negative: true })],
  [/\(\?<(\w+)>/y, (part, name) => ({ _tag: "Group", part, name })],
  [/\((?!\?)/y, (part) => part]
]

/** Reads the source of a regular expression. */
export const parsePattern = (source: string): Pattern => {
  let at = 0
  const take = (form: RegExp): RegExpExecArray | undefined => {
    const sticky = new RegExp(form.source, "y")
    sticky.lastIndex = at
    const found = sticky.exec(source) ?? undefined
    if (found !== undefined) at += found[0].length
    return found
  }
  const choice = (): Pattern => {
    const parts = [sequence()]
    while (take(/\|/)) parts.push(sequence())
    return parts.length === 1 ? parts[0] as Pattern : { _tag: "Choice", parts }
  }
  const sequence = (): Pattern => {
    const parts: Array<Pattern> = []
    while (at < source.length && source[at] !== "|" && source[at] !== ")") parts.push(repeated(one()))
    return { _tag: "Sequence", parts }
  }
  const repeated = (part: Pattern): Pattern => {
    const found = take(/([*+?]|\{(\d+)(,?)(\d*)\})(\??)/)
    if (found === undefined) return part
    const [, sign = "", from, comma, to, lazy] = found
    const min = from === undefined ? sign === "+" ? 1 : 0 : Number(from)
    const max = from === undefined
      ? sign === "?" ? 1 : Infinity
      : comma === ""
      ? min
      : to === ""
      ? Infinity
      : Number(to)
    return { _tag: "Repeat", part, min, max, lazy: lazy === "?" }
  }
  const one = (): Pattern => {
    for (const [form, make] of openings) {
      const opening = take(form)
      if (opening === undefined) continue
      const part = choice()
      if (take(/\)/) === undefined) throw new Error(`no end of a group in ${source}`)
      return make(part, opening[1] ?? "")
    }
    const reference = take(/\\k<(\w+)>/)
    if (reference !== undefined) return { _tag: "Reference", name: reference[1] ?? "" }
    const found = take(/\[(?:[^\]\\]|\\.)*\]|\\[bBdDwWsSntrfv0]|\\[^\w]|[^\\()|*+?{}[\]]/)
    if (found === undefined) throw new Error(`cannot read ${source} from ${source.slice(at)} on`)
    return { _tag: edges.includes(found[0]) ? "Edge" : "Character", source: found[0] }
  }
  const pattern = choice()
  if (at < source.length) throw new Error(`cannot read ${source} from ${source.slice(at)} on`)
  return pattern
}

/** Whether texts of any length can match. Where they cannot, an attempt at one place takes a bounded number of steps. */
export const isUnbounded = (pattern: Pattern): boolean => {
  switch (pattern._tag) {
    case "Character":
    case "Edge":
    case "Reference":
      return false
    case "Sequence":
    case "Choice":
      return pattern.parts.some(isUnbounded)
    case "Repeat":
      return pattern.max === Infinity || isUnbounded(pattern.part)
    case "Look":
    case "Group":
      return isUnbounded(pattern.part)
  }
}
