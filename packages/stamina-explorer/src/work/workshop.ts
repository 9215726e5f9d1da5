/**
 * A worker that does one order at a time. A new order, or a cancellation, ends the one before: a simulation does not
 * listen while it runs, so its thread is ended with it.
 */
import type { Outcome } from "./job.ts"
import type { Answer, Order } from "./messages.ts"

export interface Customer {
  readonly progress: (share: number) => void
  readonly done: (outcomes: ReadonlyArray<Outcome>) => void
  readonly failed: (message: string) => void
}

export class Workshop {
  private worker: Worker | undefined
  /** The asker of the current order. */
  private customer: Customer | undefined
  private readonly make: () => Worker

  constructor(make: () => Worker) {
    this.make = make
  }

  order(order: Order, customer: Customer): void {
    this.cancel()
    const worker = this.worker ??= this.hire()
    this.customer = customer
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
    worker.postMessage(order)
  }

  /** Ends what is under way, if anything is. */
  cancel(): void {
    if (this.customer === undefined) return
    this.worker?.terminate()
    this.worker = undefined
    this.customer = undefined
  }

  private hire(): Worker {
    const worker = this.make()
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const { customer } = this
      // what a worker says that was let go is for nobody
      if (customer === undefined || worker !== this.worker) return
      if (data._tag === "Progress") return customer.progress(data.share)
      this.customer = undefined
      if (data._tag === "Done") customer.done(data.outcomes)
      else customer.failed(data.message)
    })
    worker.addEventListener("error", (event) => {
      event.preventDefault()
      const { customer } = this
      if (worker !== this.worker) return
      this.cancel()
      customer?.failed(event.message || "The simulation could not be loaded, or ran out of memory.")
    })
    return worker
  }
}
