/**
 * What parts of a dependency asked to be left alone, such as paths of a server, and until when.
 *
 * A hint holds for the part that it was said about: a path with a limit of its own does not keep others waiting. If two parts
 * ask, the whole dependency does, until the first of them may be called again.
 */

interface Hint {
  readonly heardAt: number
  readonly until: number
}

export class Hints {
  private readonly parts = new Map<string, Hint>()

  /**
   * A part asks for so many milliseconds without retries. Returns for how long the whole dependency asks now: 0 if it does not.
   */
  hears(part: string, now: number, millis: number): number {
    if (millis <= this.quietFor(part, now)) return 0
    this.forgetPast(now)
    this.parts.delete(part)
    this.parts.set(part, { heardAt: now, until: now + millis })
    let [longest, second] = [0, 0]
    for (const { until } of this.parts.values()) {
      if (until > longest) [longest, second] = [until, longest]
      else if (until > second) second = until
    }
    return Math.max(0, second - now)
  }

  /** For how many milliseconds a part is to be left alone. */
  quietFor(part: string | undefined, now: number): number {
    const hint = part === undefined ? undefined : this.parts.get(part)
    return hint === undefined || isPast(hint, now) ? 0 : hint.until - now
  }

  /** Keeps no more than so many, the latest. */
  private forgetPast(now: number): void {
    for (const [part, hint] of this.parts) {
      if (isPast(hint, now) || this.parts.size >= most) this.parts.delete(part)
    }
  }
}

/** Before it was heard is another clock, such as that of the next test. */
const isPast = ({ heardAt, until }: Hint, now: number): boolean => now >= until || now < heardAt

/** How many parts are remembered. */
const most = 200
