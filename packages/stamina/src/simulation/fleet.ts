/**
 * `RetrySimulation.fleet`: many clients and one server, event by event.
 */
import { checkPolicy } from "../policy/given.ts"
import type { RetryPolicy } from "../policy/RetryPolicy.ts"
import * as Decision from "../run/Decision.ts"
import { checkKnown } from "../tools/check.ts"
import { Door, makerOf } from "./budget.ts"
import * as distribution from "./distribution.ts"
import { Heap } from "./heap.ts"
import { checkChance, checkCount, checkLimit, checkPositive, checkSeed, checkSpan, most } from "./numbers.ts"
import * as paper from "./paper.ts"
import { hears, herdOf, isDue } from "./progress.ts"
import * as random from "./random.ts"
import { Server, troubleOf } from "./server.ts"
import type { Fleet, FleetResult } from "./SimulationModel.ts"
import { after, Steps } from "./steps.ts"

/**
 * What is to come. All events have the same form, which makes them fast: an attempt is one object in the queue of the
 * server and among what is to come, as the moment when its client has waited too long.
 */
interface Event {
  readonly kind: "calls" | "retries" | "refused" | "late" | "served" | "mended"
  /** Who calls, where a call begins. */
  readonly client: paper.Caller | undefined
  /** Whose attempt it is. */
  readonly run: paper.PaperRun | undefined
  readonly attempt: number
}

const ofServer = (kind: "served" | "mended"): Event => ({ kind, client: undefined, run: undefined, attempt: 0 })

const ofClient = (client: paper.Caller): Event => ({ kind: "calls", client, run: undefined, attempt: 0 })

const ofRun = (kind: "retries" | "refused" | "late", run: paper.PaperRun): Event => ({
  kind,
  client: undefined,
  run,
  attempt: run.attempt
})

const isAwaited = ({ attempt, run }: Event): boolean =>
  run !== undefined && run.phase === "attempting" && run.attempt === attempt

/** How long a refusal takes, in milliseconds. */
const refusal = 1

/** `RetrySimulation.fleet`. */
export const fleet = (given: RetryPolicy, options: Fleet): FleetResult => {
  const checked = check(options)
  const policy = checkPolicy(caller, given)
  const { attemptTimeout, chance, failures, lasts, onProgress, rate, step, trouble } = checked
  const server = new Server<Event>(caller, options.server, trouble, isAwaited)
  const steps = new Steps(lasts, step)
  const served = ofServer("served")
  const events = new Heap<Event>()
  const herd = onProgress !== undefined && rate === "herd" ? herdOf(policy, checked) : undefined
  const latencies: Array<number> = []
  const reasons: { -readonly [K in keyof FleetResult["reasons"]]: FleetResult["reasons"][K] } = {}
  let wasted = 0
  let count = 0

  const serve = (now: number): void => {
    const done = server.begins(now)
    if (done !== undefined) events.add(done, served)
  }
  const attempt = (run: paper.PaperRun, now: number): void => {
    const job = ofRun("late", run)
    const here = steps.at(now)
    here.attempts++
    herd?.begins(run.attempt)
    if (!server.accepts(job, now)) return events.add(now + refusal, ofRun("refused", run))
    here.queue = Math.max(here.queue, server.queue)
    if (attemptTimeout < Infinity) events.add(now + attemptTimeout, job)
    serve(now)
  }
  const fails = (run: paper.PaperRun, now: number): void => {
    if (paper.fails(run, now - run.start, failure)) return events.add(run.start + run.began, ofRun("retries", run))
    herd?.ends(run.attempt)
    steps.at(now).gaveUp++
    steps.at(run.start).open--
    if (run.reason !== undefined) reasons[run.reason] = (reasons[run.reason] ?? 0) + 1
  }
  const succeeds = (run: paper.PaperRun, now: number): void => {
    paper.succeeds(run, now - run.start)
    herd?.ends(run.attempt)
    steps.at(now).succeeded++
    steps.at(run.start).willSucceed++
    steps.at(run.start).open--
    latencies.push(run.elapsed)
  }
  const calls = (client: paper.Caller, now: number): void => {
    const run = paper.begin(client, now)
    steps.at(now).calls++
    steps.at(now).open++
    attempt(run, now)
  }
  const happens = (event: Event, now: number): void => {
    const { client, kind, run } = event
    if (client !== undefined) {
      if (rate !== "herd") events.add(now + random.gap(chance, rate), event)
      calls(client, now)
    } else if (kind === "served") {
      const job = server.done()
      if (job?.run === undefined || !isAwaited(job)) wasted++
      else if (failures > 0 && chance() < failures) fails(job.run, now)
      else succeeds(job.run, now)
      serve(now)
    } else if (kind === "mended") serve(now)
    else if (run === undefined) return
    else if (kind === "retries") {
      paper.begins(run)
      attempt(run, now)
    } else if (isAwaited(event)) fails(run, now)
  }

  for (const client of clientsOf(policy, checked)) {
    events.add(rate === "herd" ? 0 : random.gap(chance, rate), ofClient(client))
  }
  if (trouble !== undefined) events.add(trouble.to, ofServer("mended"))
  while (events.time < lasts) {
    const now = events.time
    const event = events.take()
    if (event === undefined) break
    if (onProgress !== undefined && isDue(count)) {
      onProgress(herd?.share(now / lasts, count, events.size + 1 + server.canServe(lasts - now)) ?? now / lasts)
    }
    count++
    happens(event, now)
  }

  const latency = distribution.make(Float64Array.from(latencies))
  onProgress?.(1)
  const inAll = { calls: steps.sum("calls"), attempts: steps.sum("attempts"), succeeded: steps.sum("succeeded") }
  return {
    steps: steps.list,
    ...inAll,
    reasons,
    served: server.served,
    wasted,
    amplification: inAll.attempts / inAll.calls,
    ...after(steps.list, trouble?.to, step),
    latency,
    events: count
  }
}

/** What is known of every failure. */
const failure: paper.Failure = { verdict: true, deadline: undefined }

const caller = "RetrySimulation.fleet"

const check = (options: Fleet) => {
  checkKnown(caller, options, [
    "clients",
    "rate",
    "server",
    "trouble",
    "lasts",
    "attemptTimeout",
    "failures",
    "budget",
    "sharedBudget",
    "step",
    "seed",
    "onProgress"
  ])
  const seed = checkSeed(caller, options.seed ?? 1)
  return {
    clients: checkCount(caller, options.clients, "clients", most),
    rate: options.rate === "herd" ? options.rate : checkPositive(caller, options.rate, "rate"),
    trouble: troubleOf(caller, options.trouble),
    lasts: checkSpan(caller, options.lasts ?? 120_000, "lasts"),
    attemptTimeout: checkLimit(caller, options.attemptTimeout, "attemptTimeout"),
    failures: checkChance(caller, options.failures ?? 0, "failures"),
    makeBudget: makerOf(caller, options.budget),
    isShared: options.sharedBudget ?? false,
    step: checkSpan(caller, options.step ?? 1000, "step"),
    onProgress: hears(caller, options.onProgress),
    /** The random numbers of decisions, and those of calls and failures. */
    random: random.make(seed),
    chance: random.make(~seed)
  }
}

/** The clients, each with a budget of its own or with one for all. */
const clientsOf = (
  policy: RetryPolicy,
  { clients, isShared, makeBudget, random }: ReturnType<typeof check>
): ReadonlyArray<paper.Caller> => {
  const plan = Decision.fromPolicy(policy)
  const door = () => makeBudget === undefined ? undefined : new Door(makeBudget())
  const shared = isShared ? door() : undefined
  return Array.from({ length: clients }, () => ({ plan, random, admission: shared ?? door() }))
}
