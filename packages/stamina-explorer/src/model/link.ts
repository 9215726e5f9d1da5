/**
 * The state as the hash of an address, and back: `#attempts=5&backoff=equal&deadline=10+seconds`.
 *
 * It holds the texts as they were typed, so that a link shows the same page, mistakes included. Fields of the second
 * policy begin with `b.`; the word `compare` says that there is one.
 */
import { herdFields, policyFields, useFields } from "./fields.ts"
import type { PolicyTexts, SettingTexts, State } from "./state.ts"

const compare = "compare"
const ofSecond = "b."

/** Writes a state. The default policy alone is an empty hash. */
export const write = ({ policies: [first, second], setting }: State): string => {
  const words = new URLSearchParams()
  const add = (texts: PolicyTexts | SettingTexts, fields: ReadonlyArray<{ readonly key: string }>, before = "") => {
    const all: Readonly<Record<string, string | undefined>> = texts
    for (const { key } of fields) {
      const text = all[key]
      if (text !== undefined) words.append(before + key, text)
    }
  }
  add(first, policyFields)
  if (second !== undefined) {
    words.append(compare, "yes")
    add(second, policyFields, ofSecond)
  }
  add(setting, useFields)
  add(setting, herdFields)
  return words.toString()
}

/** What was found in a hash: what could be read of it, and what could not. */
export interface Found {
  readonly state: State
  /** Empty if all of it could be read. */
  readonly problems: ReadonlyArray<string>
  /** How many fields could be read. */
  readonly fields: number
}

/** Reads a hash, with or without its `#`. Whether the texts make sense is for their fields to say. */
export const read = (hash: string): Found => {
  const policies: [Record<string, string>, Record<string, string>] = [{}, {}]
  const setting: Record<string, string> = {}
  const problems: Array<string> = []
  const seen = new Set<string>()
  let hasSecond = false
  let fields = 0
  const put = (texts: Record<string, string>, key: string, text: string) => {
    fields++
    texts[key] = text
  }
  const isIn = (list: ReadonlyArray<{ readonly key: string }>, key: string) => list.some((field) => field.key === key)

  for (const [key, text] of wordsOf(hash, problems)) {
    if (seen.has(key)) {
      problems.push(`It says ${shown(key)} more than once.`)
      continue
    }
    seen.add(key)
    const name = key.startsWith(ofSecond) ? key.slice(ofSecond.length) : key
    if (key === compare) {
      if (text === "yes") hasSecond = true
      else problems.push(`Of ${compare}, it can say nothing but "yes", and it says ${shown(text)}.`)
    } else if (isIn(policyFields, name)) put(policies[name === key ? 0 : 1], name, text)
    else if (isIn(useFields, key) || isIn(herdFields, key)) put(setting, key, text)
    else problems.push(`It names ${shown(key)}, which is no field of this page.`)
  }
  if (!hasSecond && Object.keys(policies[1]).length > 0) {
    problems.push(`It has fields of a second policy, but does not say ${compare}=yes.`)
  }
  const [first, second] = policies
  return { state: { policies: hasSecond ? [first, second] : [first], setting }, problems, fields }
}

/** The pairs of a hash. A broken part is reported, and not read as something else. */
const wordsOf = (hash: string, problems: Array<string>): ReadonlyArray<readonly [string, string]> =>
  hash.replace(/^#/, "").split("&").flatMap((part): ReadonlyArray<readonly [string, string]> => {
    if (part === "") return []
    const [key = "", ...rest] = part.split("=")
    const [name, text] = [decoded(key), decoded(rest.join("="))]
    if (name === undefined || text === undefined) {
      problems.push(`It holds ${shown(part)}, which is not encoded as addresses are.`)
    } else if (rest.length === 0) problems.push(`It holds ${shown(part)}, where field=value should be.`)
    else if (text.trim() === "") problems.push(`It says nothing of ${shown(name)}.`)
    else return [[name, text]]
    return []
  })

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}

/** What a link holds, short enough to be shown. */
const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
