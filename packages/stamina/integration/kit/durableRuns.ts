/**
 * Runs of the workflow over several processes: each ends when the workflow has ended, or when it is killed.
 */
import { fileURLToPath } from "node:url"
import { type Event, heardOf, type Job, type Kind } from "./durable.ts"
import { violations } from "./durableLaws.ts"
import { type Overlap, overlapsOf } from "./durableOverlaps.ts"
import { openDatabase, type Records, recordsOf } from "./durableRecords.ts"
import { type Running, start } from "./programs.ts"

const all = new Set<Run>()

/** A run of its own, in a database of its own. */
export const openRun = async (port: number, kind: Kind): Promise<Run> => {
  const database = await openDatabase(port)
  const run = new Run({ ...kind, port, database, id: database })
  all.add(run)
  return run
}

/** Ends the processes of all runs. */
export const stopRuns = async (): Promise<void> => {
  await Promise.all([...all].map((run) => run.stop()))
}

const worker = fileURLToPath(new URL("durableWorker.ts", import.meta.url))

/** A process that works on the workflow. */
export interface Life extends Running {
  /** What it has said so far. */
  readonly events: ReadonlyArray<Event>
}

/** A run: one execution of the workflow, over all its processes. */
export class Run {
  readonly job: Job
  /** What all processes have said, in order. */
  readonly events: Array<Event> = []
  readonly #lives: Array<Life> = []
  /** When processes ended, by their ids. */
  readonly #deaths = new Map<number, number>()
  readonly #listeners = new Set<(event: Event) => void>()

  constructor(job: Job) {
    this.job = job
  }

  /** Starts a process, with another part in the job than the first if so said. */
  start(changes: Partial<Job> = {}): Life {
    const events: Array<Event> = []
    const onLine = (line: string) => {
      if (!line.startsWith("{")) return
      // the worker writes nothing else
      const event = JSON.parse(line) as Event
      events.push(event)
      this.events.push(event)
      for (const listener of this.#listeners) listener(event)
    }
    const life = {
      ...start(process.execPath, [worker, JSON.stringify({ ...this.job, ...changes })], { onLine }),
      events
    }
    this.#lives.push(life)
    void this.#noteDeath(life)
    return life
  }

  async #noteDeath({ ended, events }: Life): Promise<void> {
    await ended
    for (const { pid } of events.slice(0, 1)) this.#deaths.set(pid, Date.now())
  }

  /** Waits for an event from a process; fails where that ends without it. */
  async heard(is: (event: Event) => boolean, from: Life): Promise<Event> {
    const known = from.events.find(is)
    if (known !== undefined) return known
    const { off, promise } = this.#next((event) => from.events.includes(event) && is(event))
    const first = await Promise.race([promise, from.ended])
    off()
    if (first === undefined) throw new Error(`a worker has ended without it:\n${from.output()}`)
    return first
  }

  #next(is: (event: Event) => boolean) {
    const off: Array<() => void> = []
    const promise = new Promise<Event>((resolve) => {
      const listener = (event: Event) => {
        if (is(event)) resolve(event)
      }
      this.#listeners.add(listener)
      off.push(() => this.#listeners.delete(listener))
    })
    return { promise, off: () => off.forEach((one) => one()) }
  }

  /** What the workflow came to, if it has ended. */
  get end(): string | undefined {
    return heardOf(this.events, "ended").at(-1)?.with
  }

  /** Lets a process bring the workflow to its end. */
  async finish(): Promise<void> {
    const life = this.start()
    await life.ended
    if (this.end === undefined) throw new Error(`a worker has ended before the workflow:\n${life.output()}`)
  }

  /** What the engine has recorded of it. */
  records(): Promise<Records> {
    return recordsOf(this.job)
  }

  /** Where two attempts were made at once: in two processes, since one makes them one after another. */
  overlaps(): ReadonlyArray<Overlap> {
    return overlapsOf(this.events, this.#deaths)
  }

  /** What does not hold of it, now that it has ended; `outages` says that its storage has failed meanwhile. */
  async violations({ outages = false } = {}): Promise<ReadonlyArray<string>> {
    return violations({ job: this.job, events: this.events, records: await this.records(), outages })
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    await Promise.all(this.#lives.map((life) => life.kill("SIGKILL")))
  }
}
