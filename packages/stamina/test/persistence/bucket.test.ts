import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as bucket from "../../src/persistence/bucket.ts"

describe("the bucket of a retry budget", () => {
  it("counts a fifth exactly: five calls that succeed pay for one retry", () => {
    const one = bucket.make(1, 0.2)
    assert.isTrue(bucket.take(one))
    for (let i = 0; i < 4; i++) bucket.called(one)
    assert.isFalse(bucket.take(one))
    bucket.called(one)
    assert.isTrue(bucket.take(one))
  })

  it("holds no more than its capacity", () => {
    const full = bucket.make(2, 0.5)
    bucket.called(full)
    bucket.putBack(full)
    assert.strictEqual(full.units, 2 * bucket.token)
  })

  it("lets calls that are still open pay in advance, and falls below zero where they fail", () => {
    const empty = bucket.make(1, 0.5)
    assert.isTrue(bucket.take(empty))
    bucket.called(empty)
    bucket.called(empty)
    assert.isTrue(bucket.take(empty))
    bucket.failed(empty)
    bucket.failed(empty)
    assert.strictEqual(empty.units, -bucket.token)
    assert.isFalse(bucket.take(empty))
  })

  const step = Schema.Literals(["succeeds", "begins", "fails", "retries", "retry succeeds"])
  const steps = Schema.Array(step)
  const upTo = (most: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: most }))

  it.prop(
    "spends no more than its capacity and a refill for each call that succeeds at once: a retry that succeeds is free",
    { capacity: upTo(5), thousandths: upTo(1000), steps },
    ({ capacity, steps, thousandths }) => {
      const one = bucket.make(capacity, thousandths / 1000)
      let open = 0, waiting = 0, spent = 0, succeeded = 0
      for (const step of steps) {
        if (step === "succeeds" && ++succeeded) bucket.called(one)
        else if (step === "begins" && ++open) bucket.called(one)
        else if (step === "fails" && open > 0) {
          bucket.failed(one)
          open--
        } else if (step === "retries" && bucket.take(one)) {
          waiting++
          spent += bucket.token
        } else if (step === "retry succeeds" && waiting > 0) {
          bucket.putBack(one)
          waiting--
          spent -= bucket.token
        }
        assert.isAtMost(spent + one.units, capacity * bucket.token + (succeeded + open) * thousandths)
        assert.isAtMost(one.units, one.capacity)
      }
    },
    { arbitrary: { runs: 500 } }
  )
})
