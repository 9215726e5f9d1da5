/**
 * Maps that make what they do not hold yet.
 */

/** The value of a key, made and kept if there was none. */
export const found = <K, V>(
  map: { readonly get: (key: K) => V | undefined; readonly set: (key: K, value: V) => unknown },
  key: K,
  make: () => V
): V => {
  let value = map.get(key)
  if (value === undefined) map.set(key, value = make())
  return value
}

/** Values by several texts, in maps of maps: to join them to one text takes several times as long as to look for each. */
export interface Nested<V> {
  readonly branches: Map<string, Nested<V>>
  value: V | undefined
}

export const nested = <V>(): Nested<V> => ({ branches: new Map(), value: undefined })

/** The value of these keys, made and kept if there was none. */
export const foundIn = <V>(values: Nested<V>, keys: ReadonlyArray<string>, make: () => V): V => {
  for (const key of keys) {
    let next = values.branches.get(key)
    if (next === undefined) values.branches.set(key, next = nested())
    values = next
  }
  return values.value ??= make()
}
