/**
 * Functions that take their subject first (`retry(effect, options)`) or their options alone (`retry(options)(effect)`),
 * and check the options at once either way. Effect's `dual` would check options that come alone only when the subject
 * arrives.
 */
export const eager = <Self, Ready>(
  args: ReadonlyArray<unknown>,
  isSelf: (value: unknown) => value is Self,
  /** Refuses what is no options at all, so that it can be handed anything. */
  ready: (options: never) => Ready,
  apply: (self: Self, ready: Ready) => unknown
): unknown => {
  const [first, second] = args
  if (isSelf(first)) return apply(first, ready(second as never))
  const settings = ready(first as never)
  return (self: Self) => apply(self, settings)
}
