/**
 * Budgets to compare: none, the one of 0.1.0 that refuses, and the one that waits, which is the library's own arithmetic.
 */
import * as bucket from "../../src/budget/tokens.ts"
import * as waiting from "../../src/budget/waiting.ts"
import * as refusingBucket from "../../src/persistence/bucket.ts"
import type { Call, Player } from "./play.ts"

const nothing = (): void => {}
const yes = (): boolean => true
const nobody = { wake: () => undefined, wakeAt: () => Infinity, gaveUp: nothing }

export const none = (): Player => ({
  firstBegins: nothing,
  firstSucceeds: nothing,
  firstFails: nothing,
  reserve: yes,
  ask: () => "begin",
  ...nobody,
  begins: nothing,
  succeeds: nothing,
  fails: nothing
})

export const refusing = (capacity = 50, refill = 0.2) => (): Player => {
  const it = refusingBucket.make(capacity, refill)
  return {
    firstBegins: () => refusingBucket.called(it),
    firstSucceeds: nothing,
    firstFails: () => refusingBucket.failed(it),
    reserve: () => refusingBucket.take(it),
    ask: () => "begin",
    ...nobody,
    begins: nothing,
    succeeds: () => refusingBucket.putBack(it),
    fails: nothing
  }
}

/** As a driver would play it: it watches first attempts only while not all is well, or always. */
export const waits = (options: Partial<waiting.Options> = {}, alwaysWatched = false) => (): Player => {
  const it = waiting.make<Call>({
    capacity: { atLeast: 10, seconds: 3 },
    refill: 0.2,
    maxWaiting: Infinity,
    ...options
  })
  return {
    firstBegins(call, now) {
      call.credit = bucket.firstBegins(it.bucket, alwaysWatched || !waiting.isCalm(it))
      if (bucket.wantsTime(it.bucket)) bucket.notice(it.bucket, now)
    },
    firstSucceeds({ credit }) {
      if (credit === undefined) bucket.firstSucceeds(it.bucket)
    },
    firstFails: ({ credit }, now) => bucket.firstFails(it.bucket, now, credit),
    reserve: yes,
    ask: (call, now) => waiting.ask(it, call, now),
    wake: (now) => waiting.wake(it, now),
    wakeAt: () => waiting.wakeAt(it),
    begins: waiting.begins,
    succeeds: (call, now) => waiting.succeeds(it, call, now),
    fails: (call, now) => waiting.fails(it, call, now),
    gaveUp: (call) => waiting.ends(it, call, true)
  }
}
