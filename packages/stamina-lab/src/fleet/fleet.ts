/**
 * `RetrySimulation.fleet`: many clients and one server, event by event.
 */
import * as Decision from "effect-stamina/Decision"
import * as PaperRun from "effect-stamina/PaperRun"
import type { RetryPolicy } from "effect-stamina/RetryPolicy"
import type { Made } from "../tools/budget.ts"
import { checkPolicy } from "../tools/check.ts"
import * as distribution from "../tools/distribution.ts"
import { isDue } from "../tools/progress.ts"
import * as random from "../tools/random.ts"
import { Heap } from "./heap.ts"
import type { Fleet, FleetResult } from "./model.ts"
import { type CheckedFleet, fromFleet } from "./options.ts"
import { Server } from "./server.ts"
import { after, Steps } from "./steps.ts"

/** `RetrySimulation.fleet`. */
export const fleet = (policy: RetryPolicy, options: Fleet): FleetResult => {
  const caller = "RetrySimulation.fleet"
  const checked = fromFleet(caller, options)
  const simulation = new Simulation(checked)
  simulation.play(clientsOf(checkPolicy(caller, policy), checked))
  const result = simulation.result()
  checked.onProgress?.(1)
  return result
}

/** The clients, each with a budget of its own or with one for all. */
const clientsOf = (
  policy: RetryPolicy,
  { clients, isShared, makeBudget, random }: CheckedFleet
): ReadonlyArray<Client> => {
  const plan = Decision.fromPolicy(policy)
  const shared = isShared ? makeBudget?.() : undefined
  const room: Room | undefined = roomOf(shared)
  return Array.from({ length: clients }, () => {
    const made = shared ?? makeBudget?.()
    return { caller: PaperRun.makeCaller({ plan, random, budget: made?.budget }), room: room ?? roomOf(made) }
  })
}

/** Who makes calls, and where its retries wait. */
interface Client {
  readonly caller: PaperRun.Caller
  readonly room: Room | undefined
}

/** A budget whose retries wait, and when it is looked at next. */
interface Room {
  readonly budget: PaperRun.WaitingBudget
  lookAt: number
}

const roomOf = (made: Made | undefined): Room | undefined => made?.waiting && { budget: made.waiting, lookAt: Infinity }

/**
 * What is to come. All events have the same form, which makes them fast: an attempt is one object in the queue of the
 * server and among what is to come, as the moment when its client has waited too long.
 */
interface Event {
  readonly kind: "calls" | "retries" | "refused" | "late" | "served" | "mended" | "wakes"
  /** Who calls, if a call begins; whose attempt it is; or who may have retries that wait. */
  readonly client: Client | undefined
  /** Whose attempt it is. */
  readonly run: PaperRun.PaperRun | undefined
  readonly attempt: number
}

const ofServer = (kind: "served" | "mended"): Event => ({ kind, client: undefined, run: undefined, attempt: 0 })

const ofClient = (kind: "calls" | "wakes", client: Client): Event => ({ kind, client, run: undefined, attempt: 0 })

const ofRun = (kind: "retries" | "refused" | "late", client: Client, run: PaperRun.PaperRun): Event => ({
  kind,
  client,
  run,
  attempt: run.attempt
})

const isAwaited = ({ attempt, run }: Event): boolean =>
  run !== undefined && run.phase === "attempting" && run.attempt === attempt

/** How long a refusal takes, in milliseconds. */
const refusal = 1

/** What every failure has in common. */
const failure: PaperRun.Failure = { verdict: true }

const served = ofServer("served")

class Simulation {
  private readonly options: CheckedFleet
  private readonly server: Server<Event>
  private readonly steps: Steps
  private readonly events = new Heap<Event>()
  private readonly latencies: Array<number> = []
  private readonly reasons: { -readonly [K in keyof FleetResult["reasons"]]: FleetResult["reasons"][K] } = {}
  private wasted = 0
  private count = 0

  constructor(options: CheckedFleet) {
    this.options = options
    this.server = new Server(options.server, options.trouble, isAwaited)
    this.steps = new Steps(options.lasts, options.step)
  }

  /** Lets the clients call until the time is over. */
  play(clients: ReadonlyArray<Client>): void {
    const { events, options: { chance, lasts, onProgress, rate, trouble } } = this
    for (const client of clients) events.add(rate === "herd" ? 0 : random.gap(chance, rate), ofClient("calls", client))
    if (trouble !== undefined) events.add(trouble.to, ofServer("mended"))
    while (events.time < lasts) {
      const now = events.time
      const event = events.take()
      if (event === undefined) break
      if (onProgress !== undefined && isDue(this.count)) onProgress(now / lasts)
      this.count++
      this.handle(event, now)
    }
  }

  result(): FleetResult {
    const { count, latencies, options: { step, trouble }, reasons, server, steps, wasted } = this
    const inAll = {
      calls: steps.sum("calls"),
      attempts: steps.sum("attempts"),
      succeeded: steps.sum("succeeded"),
      gaveUp: steps.sum("gaveUp"),
      open: steps.sum("open")
    }
    return {
      steps: steps.list,
      step,
      ...inAll,
      reasons,
      served: server.served,
      wasted,
      amplification: inAll.attempts / inAll.calls,
      ...after(steps.list, trouble?.to, step),
      latency: distribution.make(Float64Array.from(latencies)),
      events: count
    }
  }

  private handle(event: Event, now: number): void {
    const { client, kind, run } = event
    const { chance, rate } = this.options
    if (kind === "served") {
      this.answer(this.server.finish(), now)
      this.serve(now)
    } else if (kind === "mended") this.serve(now)
    else if (client === undefined) return
    else if (kind === "calls") {
      if (rate !== "herd") this.events.add(now + random.gap(chance, rate), event)
      this.beginCall(client, now)
    } else if (kind === "wakes") this.look(client, now)
    else if (run === undefined) return
    else if (kind === "retries") {
      // it may have been woken, or have ended, since it was planned
      if (run.phase !== "waiting" || run.attempt !== event.attempt || run.start + run.began > now) return
      if (PaperRun.beginAttempt(run)) this.send(client, run, now)
      else this.goOn(client, run, now)
    } else if (isAwaited(event)) this.fail(client, run, now)
  }

  private beginCall(client: Client, now: number): void {
    const run = PaperRun.begin(client.caller, now)
    const here = this.steps.at(now)
    here.calls++
    here.open++
    this.send(client, run, now)
  }

  /** Sends an attempt to the server. */
  private send(client: Client, run: PaperRun.PaperRun, now: number): void {
    const { events, options: { attemptTimeout }, server } = this
    const job = ofRun("late", client, run)
    const here = this.steps.at(now)
    here.attempts++
    if (!server.accept(job, now)) return events.add(now + refusal, ofRun("refused", client, run))
    here.queue = Math.max(here.queue, server.queue)
    if (attemptTimeout < Infinity) events.add(now + attemptTimeout, job)
    this.serve(now)
  }

  /** Lets the server begin its next job, if it can. */
  private serve(now: number): void {
    const done = this.server.begin(now)
    if (done !== undefined) this.events.add(done, served)
  }

  /** Hands out the answer to an attempt that was served. */
  private answer(job: Event | undefined, now: number): void {
    const { chance, failures } = this.options
    if (job?.run === undefined || job.client === undefined || !isAwaited(job)) this.wasted++
    else if (failures > 0 && chance() < failures) this.fail(job.client, job.run, now)
    else this.succeed(job.client, job.run, now)
  }

  private fail(client: Client, run: PaperRun.PaperRun, now: number): void {
    PaperRun.fail(run, now - run.start, failure)
    this.goOn(client, run, now)
  }

  /** Waits, or gives up. */
  private goOn(client: Client, run: PaperRun.PaperRun, now: number): void {
    this.settle(client, run, now)
    this.look(client, now)
  }

  /** Notes what a run does that makes no attempt now. One that waits for a token is woken. */
  private settle(client: Client, run: PaperRun.PaperRun, now: number): void {
    const { reasons, steps } = this
    if (run.phase === "waiting") {
      if (run.began < Infinity) this.events.add(run.start + run.began, ofRun("retries", client, run))
      return
    }
    steps.at(now).gaveUp++
    steps.at(run.start).open--
    if (run.reason !== undefined) reasons[run.reason] = (reasons[run.reason] ?? 0) + 1
  }

  /** Looks who is woken, and when to look again. */
  private look(client: Client, now: number): void {
    const { room } = client
    if (room === undefined) return
    for (let run = PaperRun.wake(room.budget, now); run !== undefined; run = PaperRun.wake(room.budget, now)) {
      this.settle(client, run, now)
    }
    const next = PaperRun.nextAt(room.budget)
    if (room.lookAt <= now) room.lookAt = Infinity
    if (next >= room.lookAt) return
    room.lookAt = Math.max(now, next)
    this.events.add(room.lookAt, ofClient("wakes", client))
  }

  private succeed(client: Client, run: PaperRun.PaperRun, now: number): void {
    const { latencies, steps } = this
    PaperRun.succeed(run, now - run.start)
    steps.at(now).succeeded++
    const begun = steps.at(run.start)
    begun.willSucceed++
    begun.open--
    latencies.push(run.elapsed)
    this.look(client, now)
  }
}
