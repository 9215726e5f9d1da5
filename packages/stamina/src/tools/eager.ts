/**
 * Functions that take their subject first (`retry(effect, options)`) or their options alone (`retry(options)(effect)`),
 * and check the options at once either way. Effect's `dual` would check options that come alone only when the subject
 * arrives.
 */
export const eager = <Self, Options, Ready, Result>(
  args: ReadonlyArray<unknown>,
  isSelf: (value: unknown) => value is Self,
  ready: (options: Options) => Ready,
  apply: (self: Self, ready: Ready) => Result
): unknown => {
  const [first, second] = args
  // what is no subject is taken for options, and `ready` refuses what is none
  if (isSelf(first)) return apply(first, ready(second as Options))
  const settings = ready(first as Options)
  return (self: Self) => apply(self, settings)
}
