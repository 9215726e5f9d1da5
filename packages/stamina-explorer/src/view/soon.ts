/**
 * Doing something when no more is typed.
 */

/** Calls `f` after so many milliseconds without another call. */
export const soon = (millis: number, f: () => void): () => void => {
  let timer = 0
  return () => {
    clearTimeout(timer)
    // oxlint-disable-next-line no-restricted-globals -- the page waits for a hand, and no fiber runs here
    timer = window.setTimeout(f, millis)
  }
}
