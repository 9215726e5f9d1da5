/**
 * The server of a fleet: one attempt after the other, in the order in which they came.
 */
import { checkKnown, refuse } from "../tools/check.ts"
import { checkMillis, checkPositive, checkSpan } from "../tools/numbers.ts"
import type { Server as Options, Trouble } from "./model.ts"

/** A checked trouble, with times in milliseconds. */
export interface CheckedTrouble {
  readonly kind: Trouble["kind"]
  readonly from: number
  readonly to: number
  /** What is left of the capacity of a slow server. */
  readonly factor: number
}

const kinds: ReadonlyArray<Trouble["kind"]> = ["refuses", "hangs", "slow"]

/** Checks a trouble on behalf of the function named `caller`. */
export const troubleOf = (caller: string, trouble: Trouble | undefined): CheckedTrouble | undefined => {
  if (trouble === undefined) return undefined
  checkKnown(caller, trouble, ["kind", "from", "lasts", "factor"])
  const from = checkMillis(caller, trouble.from, "trouble.from")
  if (!kinds.includes(trouble.kind)) refuse(caller, "trouble.kind", `one of ${kinds.join(", ")}`, trouble.kind)
  return {
    kind: trouble.kind,
    from,
    to: from + checkSpan(caller, trouble.lasts, "trouble.lasts"),
    factor: checkPositive(caller, trouble.factor ?? 0.5, "trouble.factor", 1)
  }
}

/** A checked server. */
export interface CheckedServer {
  /** How many milliseconds one attempt takes. */
  readonly millisEach: number
  /** How many attempts have room in the queue. */
  readonly queue: number
  readonly skips: boolean
}

/** Checks a server on behalf of the function named `caller`. */
export const serverOf = (caller: string, server: Options): CheckedServer => {
  checkKnown(caller, server, ["capacity", "queue", "skipsAbandoned"])
  const { capacity, queue, skipsAbandoned = false } = server
  return {
    millisEach: 1000 / checkPositive(caller, capacity, "server.capacity"),
    queue: queue === undefined || queue === Infinity ? Infinity : checkPositive(caller, queue, "server.queue"),
    skips: skipsAbandoned
  }
}

/** A server with its queue of `Job`s. It knows no clock: times are handed in. */
export class Server<Job> {
  /** How many jobs were served. */
  served = 0
  /** The job that is being served. */
  private current: Job | undefined
  private waiting: Array<Job> = []
  /** Where the queue begins in `waiting`. */
  private head = 0
  private readonly millisEach: number
  private readonly room: number
  private readonly skips: boolean
  private readonly trouble: CheckedTrouble | undefined
  private readonly isAwaited: (job: Job) => boolean

  constructor(
    { millisEach, queue, skips }: CheckedServer,
    trouble: CheckedTrouble | undefined,
    isAwaited: (job: Job) => boolean
  ) {
    this.millisEach = millisEach
    this.room = queue
    this.skips = skips
    this.trouble = trouble
    this.isAwaited = isAwaited
  }

  /** How many jobs wait in the queue. */
  get queue(): number {
    return this.waiting.length - this.head
  }

  /** Puts a job in the queue; `false` if the server refuses it. */
  accept(job: Job, now: number): boolean {
    if (this.troubled(now) === "refuses" || this.queue >= this.room) return false
    this.waiting.push(job)
    return true
  }

  /** Begins to serve the next job, if it is free and there is one, and returns when that will be done. */
  begin(now: number): number | undefined {
    const trouble = this.troubled(now)
    if (this.current !== undefined || trouble === "hangs") return undefined
    let job = this.next()
    while (this.skips && job !== undefined && !this.isAwaited(job)) job = this.next()
    if (job === undefined) return undefined
    this.current = job
    return now + this.millisEach / (trouble === "slow" ? this.trouble?.factor ?? 1 : 1)
  }

  /** Ends the job that was begun, and returns it. */
  finish(): Job | undefined {
    const job = this.current
    this.current = undefined
    this.served++
    return job
  }

  private troubled(now: number): Trouble["kind"] | undefined {
    const { trouble } = this
    return trouble !== undefined && now >= trouble.from && now < trouble.to ? trouble.kind : undefined
  }

  private next(): Job | undefined {
    if (this.head === this.waiting.length) return undefined
    const job = this.waiting[this.head++]
    // forgets jobs that have left, now and then
    if (this.head === 65_536) {
      this.waiting = this.waiting.slice(this.head)
      this.head = 0
    }
    return job
  }
}
