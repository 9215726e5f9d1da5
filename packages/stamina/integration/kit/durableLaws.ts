/**
 * What must hold for every run, however often its processes were killed: found in what they said and in what the engine has
 * recorded.
 */
import type { AttemptRecord, Failed } from "../../src/workflow/record.ts"
import { type Event, heardOf, type Job } from "./durable.ts"
import type { Records } from "./durableRecords.ts"

/** How much a wait may seem short, in milliseconds: two readings of a clock that counts whole ones. */
const grain = 2

interface Seen {
  readonly job: Job
  readonly events: ReadonlyArray<Event>
  readonly records: Records
  /** Whether storage has failed meanwhile. An attempt whose end could not be recorded is then made again in its process. */
  readonly outages?: boolean
}

/** What does not hold, in words. */
export const violations = (seen: Seen): ReadonlyArray<string> => [
  ...numbers(seen),
  ...executions(seen),
  ...times(seen),
  ...waits(seen),
  ...hooks(seen),
  ...end(seen)
]

const recordOf = ({ records }: Seen, num: number): AttemptRecord | undefined => records.attempts.get(num)

const failedOf = ({ records }: Seen): ReadonlyArray<readonly [number, Failed]> =>
  [...records.attempts].flatMap(([num, record]) => record._tag === "Failed" ? [[num, record] as const] : [])

export const isLost = (record: AttemptRecord | undefined): boolean =>
  record?._tag === "Failed" && JSON.stringify(record.cause).includes(`"AttemptLost"`)

/** Attempts are recorded from the first to the last, each once, and no more than allowed. */
function* numbers({ job, records }: Seen) {
  const nums = [...records.attempts.keys()]
  if (nums.some((num, i) => num !== i + 1)) yield `the attempts recorded are ${nums.join(", ")}`
  if (nums.length > job.options.attempts) yield `${nums.length} attempts are recorded, of ${job.options.attempts}`
  for (const [num, record] of records.attempts) {
    const isLast = num === nums.length
    const goesOn = record._tag === "Failed" && record.decision._tag === "Retry"
    if (goesOn === isLast) yield `attempt ${num} of ${nums.length} is recorded with ${JSON.stringify(record)}`
  }
}

/**
 * Attempts begin in order, and none that is recorded begins again. A process makes each once; where lost attempts count, no
 * other does.
 */
function* executions(seen: Seen) {
  const { events, job, outages } = seen
  const begins = heardOf(events, "begins")
  const made = new Set<string>()
  let last = 0
  for (const { at, attempt, pid } of begins) {
    if (attempt < last) yield `attempt ${attempt} began after attempt ${last}`
    for (let missed = last + 1; missed < attempt; missed++) {
      if (!isLost(recordOf(seen, missed))) yield `attempt ${attempt} began after attempt ${last}`
    }
    last = attempt
    const who = job.options.lostAttempts === "count" ? `${attempt}` : `${attempt} in ${pid}`
    if (made.has(who) && !(outages && who !== `${attempt}`)) yield `attempt ${who} was made twice`
    made.add(who)
    const record = recordOf(seen, attempt)
    if (record?._tag === "Failed" && at > record.at) yield `attempt ${attempt} began again after it was recorded`
  }
  if (last > seen.records.attempts.size) yield `attempt ${last} began and is not recorded`
  for (const { attempt, pid } of heardOf(events, "asked")) {
    if (!begins.some((one) => one.attempt === attempt && one.pid === pid)) {
      yield `a replay asked what to do about attempt ${attempt}`
    }
  }
  const keys = new Set(begins.map(({ key }) => key))
  if (keys.size > 1) yield `there are ${keys.size} idempotency keys`
}

/** Time never runs backwards. */
function* times(seen: Seen) {
  let now = 0
  let startedAt: number | undefined
  for (const [num, record] of failedOf(seen)) {
    startedAt ??= record.startedAt
    if (record.startedAt !== startedAt) yield `the run began anew with attempt ${num}`
    for (const time of [record.startedAt, record.began, record.at, record.toldAt]) {
      if (time < now && time !== record.startedAt) {
        yield `time runs backwards in attempt ${num}: ${JSON.stringify(record)}`
      }
      now = Math.max(now, time)
    }
  }
}

/** Each wait is one that the policy allows, and no attempt begins before it is over. */
function* waits(seen: Seen) {
  const { events, job: { options: { waitInitial, waitJitter, waitMax } } } = seen
  for (const [num, { decision, toldAt }] of failedOf(seen)) {
    if (decision._tag !== "Retry") continue
    const least = Math.min(waitMax, waitInitial * 2 ** (num - 1))
    if (!(decision.wait >= least && decision.wait <= Math.min(waitMax, least + waitJitter))) {
      yield `the wait after attempt ${num} is ${decision.wait}`
    }
    const due = toldAt + decision.wait - grain
    const next = recordOf(seen, num + 1)
    const begins = heardOf(events, "begins").filter(({ attempt }) => attempt === num + 1).map(({ at }) => at)
    const began = Math.min(...begins, next?._tag === "Failed" ? next.began : Infinity)
    if (began < due) yield `attempt ${num + 1} began ${due - began} ms early`
  }
}

/** Hooks are told in durations, which count whole nanoseconds. */
const isSame = (told: number | undefined, wait: number) => told !== undefined && Math.abs(told - wait) < 1e-5

const isLastOf = (events: ReadonlyArray<Event>, event: Event): boolean =>
  events.findLast(({ pid }) => pid === event.pid) === event

/** Each decision that is recorded was told, just as it is recorded; nothing else was told but by processes that died then. */
function* hooks(seen: Seen) {
  const { events, records } = seen
  const told = heardOf(events, "told")
  for (const [num, { at, decision, startedAt }] of failedOf(seen)) {
    const elapsed = at - startedAt
    const isIt = (one: typeof told[number]) =>
      one.attempt === num && one.elapsed === elapsed && (decision._tag === "Retry"
        ? one.what === "RetryScheduled" && isSame(one.wait, decision.wait)
        : one.what === "GaveUp" && one.reason === decision.reason)
    const begins = heardOf(events, "begins").filter(({ attempt }) => attempt === num).length
    const most = begins + Number(isLost(recordOf(seen, num)))
    const about = told.filter(({ attempt, what }) => attempt === num && what !== "Recovered")
    if (about.length > most) yield `attempt ${num} was made ${begins} times, and told ${about.length} times`
    const heard = told.filter(isIt)
    if (heard.length !== 1) yield `the decision about attempt ${num} was told ${heard.length} times`
    for (const other of told.filter((one) => one.attempt === num && !isIt(one))) {
      if (!isLastOf(events, other) && !seen.outages) {
        yield `what was told of attempt ${num} is not recorded`
      }
    }
  }
  const successes = told.filter(({ what }) => what === "Recovered")
  if (records.attempts.get(records.attempts.size)?._tag === "Succeeded") {
    if (successes.length === 0 && records.attempts.size > 1) yield "the end was not told"
    for (const other of successes.filter(({ attempt }) => attempt !== records.attempts.size)) {
      // its process died before it was recorded, or had lost the shard: the attempt was lost
      const isForgotten = isLost(recordOf(seen, other.attempt)) && (seen.outages || isLastOf(events, other))
      if (!isForgotten) yield `attempt ${other.attempt} was told as another end`
    }
  } else if (successes.length > 0) yield "a success was told, where there was none"
  if (told.some(({ what }) => what === "Interrupted")) yield "an interruption was told, where there was none"
}

/** The run ends as its options say, and as its last record does. */
function* end(seen: Seen) {
  const { events, job: { failures, options: { attempts, timeout } }, records } = seen
  const ends = new Set(heardOf(events, "ended").map((event) => event.with))
  const size = records.attempts.size
  const last = recordOf(seen, size)
  const isLast = (expected: string) => ends.size === 1 && ends.has(expected)
  const wrong = () => `the workflow ended with ${[...ends].join(" and ")}, its records with ${JSON.stringify(last)}`
  if (last?._tag === "Succeeded") {
    if (!isLast(`attempt ${size}`)) yield wrong()
    if (size <= failures) yield `attempt ${size} succeeded`
  } else if (last?._tag === "Failed") {
    const { at, decision, startedAt } = last
    if (decision._tag !== "Stop" || !isLast(`GivenUp: ${decision.reason}`)) yield wrong()
    const isDue = size === attempts || at - startedAt >= timeout
    const reason = size === attempts ? "AttemptsExhausted" : "TimeoutReached"
    if (decision._tag === "Stop" && !(isDue && decision.reason === reason)) {
      yield `${decision.reason} after ${size} attempts in ${at - startedAt} ms`
    }
  }
  for (const [num, { at, decision, startedAt }] of failedOf(seen)) {
    if (decision._tag === "Retry" && at - startedAt >= timeout) yield `attempt ${num} was retried past the timeout`
    if (num > failures && !isLost(recordOf(seen, num))) yield `attempt ${num} failed`
  }
}
