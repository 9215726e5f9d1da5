/**
 * Functions that take their subject first (`retry(effect, options)`) or their options alone (`retry(options)(effect)`),
 * and check the options at once either way. Effect's `dual` would check options that come alone only when the subject
 * arrives.
 */
import { refuse } from "./check.ts"

/** What can be retried. */
export interface Subject<Self> {
  readonly is: (value: unknown) => value is Self
  /** The function that takes it, and what it must be. */
  readonly caller: string
  readonly rule: string
}

export const eager = <Self, Ready>(
  args: ReadonlyArray<unknown>,
  subject: Subject<Self>,
  /** Refuses what is no options at all, so that it can be handed anything. */
  ready: (options: never) => Ready,
  apply: (self: Self, ready: Ready) => unknown
): unknown => {
  const [first, second] = args
  if (args.length > 1 || subject.is(first)) return apply(checked(subject, first), ready(second as never))
  const settings = ready(first as never)
  return (self: unknown) => apply(checked(subject, self), settings)
}

/** Code without types may hand over a promise, which has begun and cannot be begun again. */
const checked = <Self>({ caller, is, rule }: Subject<Self>, self: unknown): Self =>
  is(self) ? self : refuse(caller, "what is retried", rule, self)
