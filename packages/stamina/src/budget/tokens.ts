/**
 * The bucket of a budget whose retries wait: tokens that successes earn and retries spend. A few numbers, and arithmetic on
 * them.
 *
 * It has no fiber, no clock and no chance. Times come in as milliseconds of one clock. A token is a thousand units, so sums
 * are exact, and a script in Redis gives the same answers to the same steps.
 *
 * **Who earns, and who pays**
 *
 * - A success earns `refill`, at a retry half as much again. At a first attempt that costs two additions, and needs no time.
 * - A retry pays one token when it begins. It gets the token back if it succeeds, or if it never begins.
 * - The first retry of a run may take the last token. Later retries leave half of the bucket to first ones, so calls that
 *   always fail block nobody.
 *
 * **How much fits in** is fixed, or follows the traffic: what first attempts earn in some seconds. After a success that is
 * watched it may hold more, until the next time comes in. A bucket that lent to open calls which fail can hold less than
 * nothing.
 *
 * **In an outage** the tokens are kept: after `kept` failures with no success between them, no retry takes one until
 * something succeeds. First attempts find out when that is. If none arrive, a retry goes as a probe.
 *
 * **After an outage** the bucket refills slowly: after `outage` failures in a row, a retry that waited for its token gets back
 * only a part of it, until a retry finds the bucket full. So retries do not crowd out first attempts.
 */

/** How much a bucket holds: so many tokens, or what first attempts earn in some seconds, and `atLeast` so many. */
export type Capacity = number | { readonly atLeast: number; readonly seconds: number }

export interface Bucket {
  /** What a first attempt that succeeds earns, in units. */
  readonly refill: number
  /** What a retry that succeeds earns, in units: half as much again. So 30 % of failures by chance are paid for. */
  readonly retryRefill: number
  /** The least capacity, in units. */
  readonly atLeast: number
  /** For how many milliseconds of first attempts there is room; 0 for a fixed capacity. */
  readonly room: number
  /** Whether retries wait for tokens. If they are refused, a retry takes and gives back one token, and that is all. */
  readonly waits: boolean
  /** How much it holds now, in units. It may be more than the capacity until the next time comes in, or below 0. */
  units: number
  /** How much fits in, in units. */
  capacity: number
  /** First attempts that began, ever. */
  begun: number
  /** Failures since the last success. */
  failures: number
  /** Whether it refills slowly. */
  isRecovering: boolean
  /** First attempts per millisecond, over the last ten seconds or so. */
  rate: number
  /** How many milliseconds of traffic `rate` knows: up to ten seconds. */
  known: number
  /** When `rate` was measured last, `NaN` if never, and how many first attempts had begun then. */
  measuredAt: number
  measured: number
  /** How many first attempts had begun when a time last came in, and when their number last grew. */
  noticed: number
  firstAt: number
  /** When an attempt last began, first or not, as far as times show. */
  begunAt: number
}

/** One token, in units. */
export const token = 1000

/** After so many failures in a row, tokens are kept until something succeeds. */
export const kept = 5

/** So many failures in a row are an outage. */
export const outage = 20

/** What a deferred retry that succeeds gets back of its token while the bucket refills slowly, in units. */
export const slowReturn = 600

/** How long the traffic of the past counts, and the shortest time that is measured, in milliseconds. */
const memory = 10_000
const shortest = 1000

/**
 * How long nothing must begin until a probe may: five times the mean gap between first attempts, within these bounds, in
 * milliseconds.
 */
const gaps = 5
const leastGap = 1000
const mostGap = 5000

/** Tokens in units. */
export const inUnits = (tokens: number): number => Math.round(tokens * token)

/** A bucket that holds `capacity`, or the least of it while the traffic is not known. `refill` is in tokens. */
export const make = (capacity: Capacity, refill: number, waits = true): Bucket => {
  const atLeast = inUnits(typeof capacity === "number" ? capacity : capacity.atLeast)
  return {
    refill: inUnits(refill),
    retryRefill: inUnits(1.5 * refill),
    atLeast,
    room: typeof capacity === "number" ? 0 : capacity.seconds * 1000,
    waits,
    units: atLeast,
    capacity: atLeast,
    begun: 0,
    failures: 0,
    isRecovering: false,
    rate: 0,
    known: 0,
    measuredAt: NaN,
    measured: 0,
    noticed: 0,
    firstAt: -Infinity,
    begunAt: -Infinity
  }
}

/** Takes over from a bucket whose place it takes: no more tokens than that holds, and what it knows of an outage. */
export const inherit = (bucket: Bucket, from: Bucket): void => {
  bucket.units = Math.min(bucket.units, from.units)
  bucket.failures = from.failures
  bucket.isRecovering = from.isRecovering
}

/**
 * A first attempt begins. Returns what it was credited, in units; `undefined` if it is watched.
 *
 * To watch an effect for its success costs a frame, some 50 ns. So while all is well nobody watches: the call is credited at
 * once, as far as there is room, and pays just that back if it fails. `isWatched`: it is credited when it succeeds, by
 * {@link firstSucceeds}.
 */
export const firstBegins = (bucket: Bucket, isWatched: boolean): number | undefined => {
  bucket.begun++
  if (isWatched) return undefined
  const credit = Math.min(bucket.refill, Math.max(0, bucket.capacity - bucket.units))
  bucket.units += credit
  return credit
}

/**
 * Whether {@link notice} wants the time at which the last first attempt began: at the first, and once in 256. So the rate is
 * known before the first failure, and other calls need no time.
 */
export const wantsTime = ({ begun }: Bucket): boolean => (begun & 255) === 1

/** A first attempt that is watched has succeeded. */
export const firstSucceeds = (bucket: Bucket): void => {
  bucket.units += bucket.refill
  bucket.failures = 0
}

/**
 * A first attempt has failed with something that is retried. It pays back what it was credited when it began.
 *
 * Failures of calls that nobody watches keep the tokens. They make no outage, since successes beside them do not count either.
 */
export const firstFails = (bucket: Bucket, now: number, credit: number | undefined): void => {
  notice(bucket, now)
  if (credit === undefined) return countFailure(bucket)
  bucket.units -= credit
  if (bucket.failures < kept) bucket.failures++
}

/**
 * Takes a token for a retry that is about to begin, if there is one for it. `isLater`: a retry of its run has failed before.
 * `isDeferred`: it has waited for this token.
 */
export const take = (bucket: Bucket, now: number, isLater: boolean, isDeferred: boolean): boolean => {
  notice(bucket, now)
  if (now < takeAt(bucket, isLater)) return false
  // nobody had to wait, and it is full
  if (!isDeferred && bucket.units >= bucket.capacity) bucket.isRecovering = false
  bucket.units -= token
  bucket.begunAt = now
  return true
}

/** When {@link take} has a token if nothing happens before: `-Infinity` for now, `Infinity` for never. */
export const takeAt = (bucket: Bucket, isLater: boolean): number => {
  const { capacity, failures, firstAt, isRecovering, units, waits } = bucket
  if (units < token) return Infinity
  if (!waits) return -Infinity
  if (failures >= kept) return Infinity
  // half of it is for first retries, while first attempts arrive; after an outage, the later ones are its victims as well
  return isLater && !isRecovering && units < token + capacity / 2 ? firstAt + 2 * gapOf(bucket) : -Infinity
}

/**
 * Lets a retry begin without a token, if nothing has begun for long. Tokens come from attempts, so those who wait for each
 * other would wait for ever.
 */
export const probe = (bucket: Bucket, now: number): boolean => {
  notice(bucket, now)
  if (now < probeAt(bucket)) return false
  bucket.begunAt = now
  return true
}

/** When {@link probe} lets a retry begin, unless another attempt begins before. */
export const probeAt = (bucket: Bucket): number => bucket.begunAt + gapOf(bucket)

/**
 * A retry has succeeded: it gets its token back, and earns. While no first attempts arrive it frees one token more, so two
 * may follow: nobody is there who could be crowded out.
 */
export const retrySucceeds = (bucket: Bucket, now: number, wasDeferred: boolean): void => {
  notice(bucket, now)
  bucket.failures = 0
  if (!bucket.waits) bucket.units += token
  else bucket.units += wasDeferred && bucket.isRecovering ? slowReturn : token + bucket.retryRefill
  if (bucket.waits && hasNoTraffic(bucket, now)) bucket.units += token
  cut(bucket)
}

/** Whether no first attempts arrive. */
export const hasNoTraffic = (bucket: Bucket, now: number): boolean => now >= bucket.firstAt + gapOf(bucket)

/** A retry has failed: its token is spent. */
export const retryFails = (bucket: Bucket, now: number): void => firstFails(bucket, now, undefined)

/** A retry with a token never begins: it gives the token back. */
export const unused = (bucket: Bucket): void => {
  bucket.units += token
}

/** A time comes in: looks at what has begun since the last one, and cuts what does not fit. */
export const notice = (bucket: Bucket, now: number): void => {
  if (bucket.begun !== bucket.noticed || now < bucket.begunAt) {
    // a time before that is of another clock
    bucket.noticed = bucket.begun
    bucket.firstAt = now
    bucket.begunAt = now
  }
  measure(bucket, now)
  cut(bucket)
}

const countFailure = (bucket: Bucket): void => {
  if (++bucket.failures >= outage) bucket.isRecovering = true
}

/** The mean of the last ten seconds: exact over the first ten, then older ones fade. */
const measure = (bucket: Bucket, now: number): void => {
  const { begun, known, measured, measuredAt, rate, room } = bucket
  const past = now - measuredAt
  if (past >= 0 && past < shortest) return
  if (past >= shortest) {
    bucket.rate = (rate * known + begun - measured) / (known + past)
    bucket.known = Math.min(memory, known + past)
    if (room > 0) bucket.capacity = Math.max(bucket.atLeast, Math.round(bucket.refill * bucket.rate * room))
  }
  // the first time, or that of another clock
  bucket.measuredAt = now
  bucket.measured = begun
}

const cut = (bucket: Bucket): void => {
  if (bucket.units > bucket.capacity) bucket.units = bucket.capacity
}

const gapOf = ({ known, rate }: Bucket): number =>
  known === 0 ? leastGap : Math.min(mostGap, Math.max(leastGap, gaps / rate))
