/**
 * The thread that simulates.
 */
import { run } from "./job.ts"
import type { Answer, Order } from "./messages.ts"

const say = (answer: Answer): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
  self.postMessage(answer)
}

/** A bar has no more steps than that. */
const steps = 1000

self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  let said = 0
  try {
    const outcomes = run(data, (share) => {
      const step = Math.floor(share * steps)
      if (step > said) say({ _tag: "Progress", share })
      said = Math.max(said, step)
    })
    say({ _tag: "Done", outcomes })
  } catch (error) {
    say({ _tag: "Failed", message: error instanceof Error ? error.message : String(error) })
  }
})
