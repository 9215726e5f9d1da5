/**
 * Who is notified of an abort. All calls with a signal share one listener: to add or remove one of many, the platform walks
 * along all of them.
 */

/** What an abort ends. */
export interface Abortable {
  abort(reason: unknown): void
}

class Audience {
  private readonly signal: AbortSignal
  private readonly members = new Set<Abortable>()

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  readonly onAbort = () => {
    const members = Array.from(this.members)
    this.members.clear()
    for (const member of members) member.abort(this.signal.reason)
  }

  add(member: Abortable): void {
    if (this.members.size === 0) this.signal.addEventListener("abort", this.onAbort, { once: true })
    this.members.add(member)
  }

  delete(member: Abortable): void {
    if (this.members.delete(member) && this.members.size === 0) {
      this.signal.removeEventListener("abort", this.onAbort)
    }
  }
}

const audiences = /*#__PURE__*/ new WeakMap<AbortSignal, Audience>()

/** Has `member` aborted with the signal. */
export const listen = (signal: AbortSignal, member: Abortable): void => {
  let audience = audiences.get(signal)
  if (audience === undefined) audiences.set(signal, audience = new Audience(signal))
  audience.add(member)
}

/** Leaves no listener behind if that was the last member. */
export const leave = (signal: AbortSignal, member: Abortable): void => audiences.get(signal)?.delete(member)

/** Awaits a promise, and rejects if the signal is aborted before. */
export const unlessAborted = async <A>(signal: AbortSignal, promise: Promise<A>): Promise<A> => {
  const member = { abort: (_reason: unknown) => {} }
  const aborted = new Promise<never>((_, reject) => member.abort = reject)
  listen(signal, member)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    leave(signal, member)
  }
}
