/**
 * Maps that make what they do not hold yet.
 */

/** The value of a key, made and kept where there was none. */
export const found = <K, V>(
  map: { readonly get: (key: K) => V | undefined; readonly set: (key: K, value: V) => unknown },
  key: K,
  make: () => V
): V => {
  let value = map.get(key)
  if (value === undefined) map.set(key, value = make())
  return value
}
