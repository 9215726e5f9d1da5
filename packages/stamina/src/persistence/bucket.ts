/**
 * The arithmetic of a retry budget: a bucket of tokens, filled by calls and emptied by retries. It knows no clock.
 *
 * A token is counted in a thousand units, so that sums are exact: the script that shares a bucket through Redis gives
 * the same answers to the same steps, in integers.
 *
 * A call is credited when it begins and debited when its first attempt fails, so a call that succeeds at once needs no
 * second step. Between the two, the bucket holds what its open calls may have to give back: it can fall below zero.
 */

export interface Bucket {
  /** How much it holds now. */
  units: number
  /** How much it holds at most. */
  readonly capacity: number
  /** What a call that succeeds at its first attempt puts back. */
  readonly refill: number
}

/** What one retry takes. */
export const token = 1000

/** A full bucket, of tokens. */
export const make = (capacity: number, refill: number): Bucket => ({
  units: inUnits(capacity),
  capacity: inUnits(capacity),
  refill: inUnits(refill)
})

/** Tokens in units. */
export const inUnits = (tokens: number): number => Math.round(tokens * token)

/** Puts in units, of which those that do not fit are lost, or takes units out, where there are fewer than none. */
export const add = (bucket: Bucket, units: number): void => {
  bucket.units = Math.min(bucket.capacity, bucket.units + units)
}

/** A call begins: it is taken for one that succeeds. */
export const called = (bucket: Bucket): void => add(bucket, bucket.refill)

/** The first attempt of a call has failed. */
export const failed = (bucket: Bucket): void => add(bucket, -bucket.refill)

/** Takes a token for a retry, if there is one. */
export const take = (bucket: Bucket): boolean => {
  if (bucket.units < token) return false
  bucket.units -= token
  return true
}

/** Puts a token back: the retry has succeeded, or was never made. */
export const putBack = (bucket: Bucket): void => add(bucket, token)
