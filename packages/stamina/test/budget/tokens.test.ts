import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as bucket from "../../src/budget/tokens.ts"

/** Takes what there is, as retries that ask one after another. */
const takeAll = (it: bucket.Bucket, now: number): number => {
  let taken = 0
  while (bucket.take(it, now, false, true)) taken++
  return taken
}

/** First attempts that are watched, and succeed. */
const succeeds = (it: bucket.Bucket, calls: number): void => {
  for (let i = 0; i < calls; i++) {
    bucket.firstBegins(it, true)
    bucket.firstSucceeds(it)
  }
}

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

describe("what earns and what pays", () => {
  it("counts a fifth exactly: five first attempts that succeed pay for one retry", () => {
    const one = bucket.make(1, 0.2)
    assert.strictEqual(takeAll(one, 0), 1)
    succeeds(one, 4)
    assert.strictEqual(takeAll(one, 0), 0)
    succeeds(one, 1)
    assert.strictEqual(takeAll(one, 0), 1)
  })

  for (const open of [500, 5000]) {
    for (const held of [0, 20, 50]) {
      it(`stands where calls that succeed have left it after ${open} open calls fail at one moment, from ${held} of 50 tokens`, () => {
        for (const isWatched of [true, false]) {
          const it = bucket.make(50, 0.2)
          for (let i = 50; i > held; i--) bucket.take(it, 0, false, true)
          const credits = Array.from({ length: open }, () => bucket.firstBegins(it, isWatched))
          for (const credit of credits) bucket.firstFails(it, 1, credit)
          assert.strictEqual(it.units, held * bucket.token)
          succeeds(it, 1)
          assert.strictEqual(takeAll(it, 2), held)
        }
      })
    }
  }

  it.prop(
    "never holds more than counting at success gives it, and the same where no call fails or all do",
    { held: upTo(5), calls: Schema.Array(Schema.Struct({ isLong: Schema.Boolean, fails: Schema.Boolean })) },
    ({ calls, held }) => {
      const it = bucket.make(5, 0.2)
      const counted = bucket.make(5, 0.2)
      for (let i = 5; i > held; i--) for (const  of of[it, counted]) bucket.take(of, 0, false, true)
      const open: Array<readonly [credit: number | undefined, fails: boolean]> = []
      const end = (credit: number | undefined, fails: boolean) => {
        if (!fails) return succeeds(counted, 1)
        bucket.firstFails(it, 1, credit)
        bucket.firstFails(counted, 1, undefined)
      }
      for (const { fails, isLong } of calls) {
        const credit = bucket.firstBegins(it, false)
        if (isLong) open.push([credit, fails])
        else end(credit, fails)
      }
      for (const [credit, fails] of open) end(credit, fails)
      for (const  of of[it, counted]) bucket.notice(of, 2)
      assert.isAtMost(it.units, counted.units)
      const isMixed = calls.some(({ fails }) => fails) && calls.some(({ fails }) => !fails)
      if (!isMixed) assert.strictEqual(it.units, counted.units)
    },
    { arbitrary: { runs: 500 } }
  )

  it("gives a retry that succeeds its token back, with what it earns", () => {
    const it = bucket.make(10, 0.2)
    bucket.take(it, 0, false, false)
    bucket.take(it, 0, false, false)
    bucket.firstBegins(it, true)
    bucket.notice(it, 0)
    bucket.retrySucceeds(it, 0, true)
    assert.strictEqual(it.units, 9300)
  })

  it("gives a retry that never begins its token back", () => {
    const it = bucket.make(10, 0.2)
    bucket.take(it, 0, false, false)
    bucket.unused(it)
    assert.strictEqual(it.units, 10_000)
  })

  it("leaves half of it to first retries", () => {
    const it = bucket.make(10, 0)
    bucket.firstBegins(it, true)
    let later = 0
    while (bucket.take(it, 0, true, true)) later++
    assert.strictEqual(later, 5)
    assert.strictEqual(takeAll(it, 0), 5)
  })

  it("leaves nothing to first retries where no first attempts arrive", () => {
    const it = bucket.make(10, 0)
    bucket.firstBegins(it, true)
    for (let i = 0; i < 5; i++) bucket.take(it, 0, false, true)
    assert.isFalse(bucket.take(it, 9999, true, true))
    assert.strictEqual(bucket.takeAt(it, true), 10_000)
    assert.isTrue(bucket.take(it, 10_000, true, true))
  })
})

describe("capacity", () => {
  const seconds = { atLeast: 10, seconds: 3 }

  /** So many calls a second, for so long, all of which succeed. */
  const traffic = (it: bucket.Bucket, rate: number, lasts: number): void => {
    for (let i = 0; i < rate * lasts; i++) {
      bucket.firstBegins(it, false)
      if (bucket.wantsTime(it)) bucket.notice(it, 1000 * i / rate)
    }
    bucket.notice(it, 1000 * lasts)
  }

  it("is what first attempts earn in three seconds, and at least ten tokens", () => {
    const few = bucket.make(seconds, 0.2)
    traffic(few, 7, 60)
    assert.strictEqual(few.capacity, 10_000)
    const many = bucket.make(seconds, 0.2)
    traffic(many, 700, 60)
    assert.closeTo(many.capacity, 420_000, 4000)
    assert.strictEqual(many.units, many.capacity)
  })

  it("holds no more, whenever a time comes in", () => {
    const it = bucket.make(10, 0.2)
    succeeds(it, 1000)
    assert.isAbove(it.units, it.capacity)
    bucket.firstFails(it, 5, undefined)
    assert.strictEqual(it.units, it.capacity)
  })

  it("starts anew with another clock", () => {
    const it = bucket.make(10, 0.2)
    bucket.firstBegins(it, true)
    bucket.firstFails(it, 1e9, undefined)
    bucket.notice(it, 0)
    assert.isFalse(bucket.probe(it, 4999))
    assert.isTrue(bucket.probe(it, 5000))
  })
})

describe("an outage", () => {
  const fails = (it: bucket.Bucket, times: number, now = 0): void => {
    for (let i = 0; i < times; i++) {
      bucket.firstBegins(it, true)
      bucket.firstFails(it, now, undefined)
    }
  }

  it("keeps the tokens after five failures in a row, until something succeeds", () => {
    const it = bucket.make(10, 0.2)
    fails(it, 4)
    assert.isTrue(bucket.take(it, 0, false, false))
    fails(it, 1)
    assert.strictEqual(takeAll(it, 0), 0)
    assert.strictEqual(bucket.takeAt(it, false), Infinity)
    succeeds(it, 1)
    assert.strictEqual(takeAll(it, 0), 9)
  })

  it("keeps the tokens where calls fail that nobody has watched, and takes them for no outage", () => {
    const it = bucket.make(10, 0.2)
    const credits = Array.from({ length: 100 }, () => bucket.firstBegins(it, false))
    for (const credit of credits) bucket.firstFails(it, 0, credit)
    assert.strictEqual(takeAll(it, 0), 0)
    assert.isFalse(it.isRecovering)
  })

  it("keeps none where retries are refused instead of waiting", () => {
    const it = bucket.make(10, 0.2, false)
    fails(it, 100)
    assert.strictEqual(takeAll(it, 0), 10)
  })

  it("gives a deferred retry that succeeds six tenths back after twenty failures in a row, until a retry finds it full", () => {
    const it = bucket.make(10, 0.2)
    fails(it, 20)
    succeeds(it, 1)
    assert.strictEqual(takeAll(it, 0), 10)
    bucket.retrySucceeds(it, 0, true)
    assert.strictEqual(it.units, 600)
    bucket.retrySucceeds(it, 0, false)
    assert.strictEqual(it.units, 1900)
    succeeds(it, 50)
    bucket.take(it, 0, false, false)
    assert.isFalse(it.isRecovering)
  })
})

describe("a probe", () => {
  it("goes where nothing has begun for a second, or five mean gaps between first attempts, or five seconds", () => {
    for (const [rate, gap] of [[70, 1000], [2, 2500], [0.2, 5000]] as const) {
      const it = bucket.make(1, 0)
      for (let i = 0; i < 60; i++) {
        bucket.firstBegins(it, true)
        bucket.firstFails(it, 1000 * i / rate, undefined)
      }
      const last = 59_000 / rate
      assert.closeTo(bucket.probeAt(it) - last, gap, gap / 4)
      assert.isFalse(bucket.probe(it, bucket.probeAt(it) - 1))
      assert.isTrue(bucket.probe(it, bucket.probeAt(it)))
      assert.isFalse(bucket.probe(it, bucket.probeAt(it) - 1), "one at a time")
    }
  })

  it("lets two go for each that succeeds while no first attempts arrive", () => {
    const it = bucket.make(10, 0)
    assert.strictEqual(takeAll(it, 0), 10)
    bucket.retrySucceeds(it, 1000, true)
    assert.strictEqual(takeAll(it, 1000), 2)
    bucket.firstBegins(it, true)
    bucket.retrySucceeds(it, 1001, true)
    assert.strictEqual(takeAll(it, 1001), 1)
  })
})
