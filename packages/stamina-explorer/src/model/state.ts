/**
 * What the page is about: texts as they were typed. All else follows from them.
 */
import type { HerdKey, PolicyKey, UseKey } from "./fields.ts"

/** A text for each field that holds one. */
export type Texts<Key extends string> = Readonly<Partial<Record<Key, string>>>

export type PolicyTexts = Texts<PolicyKey>

export type SettingKey = UseKey | HerdKey

/** What both policies have in common. */
export type SettingTexts = Texts<SettingKey>

export interface State {
  /** One policy, or two side by side. */
  readonly policies: readonly [PolicyTexts] | readonly [PolicyTexts, PolicyTexts]
  readonly setting: SettingTexts
}

/** The default policy alone. */
export const initial: State = { policies: [{}], setting: {} }

/** Writes a field. An empty text takes it away. */
export const typed = <Key extends string>(texts: Texts<Key>, key: Key, text: string): Texts<Key> => {
  const { [key]: _, ...others } = texts
  // what is left has no other keys, and the one that is added is a key
  return (text.trim() === "" ? others : { ...others, [key]: text }) as Texts<Key>
}

/** Writes a field of the policy at `index`. */
export const policyTyped = (state: State, index: number, texts: PolicyTexts): State => {
  const [first, second] = state.policies
  if (second === undefined) return { ...state, policies: [texts] }
  return { ...state, policies: index === 0 ? [texts, second] : [first, texts] }
}

/** Puts a copy of the first policy beside it. */
export const compared = (state: State): State => ({ ...state, policies: [state.policies[0], state.policies[0]] })

/** Keeps the first policy alone. */
export const alone = (state: State): State => ({ ...state, policies: [state.policies[0]] })

/** What policies are called if there are two. */
export const names = ["A", "B"] as const
