import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as queue from "../../src/budget/queue.ts"
import * as bucket from "../../src/budget/tokens.ts"
import * as waiting from "../../src/budget/waiting.ts"

class Run implements waiting.Waiter<Run> {
  /** How often the link of any run was read or written. */
  static touched = 0
  private links: { before: Run | undefined; after: Run | undefined } = { before: undefined, after: undefined }
  lane: queue.Lane<Run> | undefined = undefined
  phase: waiting.Phase = "none"
  wasDeferred = false
  hasFailed = false
  readonly id: number

  constructor(id = 0) {
    this.id = id
  }

  get before(): Run | undefined {
    Run.touched++
    return this.links.before
  }
  set before(run: Run | undefined) {
    Run.touched++
    this.links.before = run
  }
  get after(): Run | undefined {
    Run.touched++
    return this.links.after
  }
  set after(run: Run | undefined) {
    Run.touched++
    this.links.after = run
  }
}

const make = (options: Partial<waiting.Options> = {}) =>
  waiting.make<Run>({ capacity: 10, refill: 0.2, maxWaiting: 1000, ...options })

const runs = (count: number): ReadonlyArray<Run> => Array.from({ length: count }, (_, i) => new Run(i))

const wakeAll = (self: waiting.Waiting<Run>, now: number): ReadonlyArray<number> => {
  const ids: Array<number> = []
  for (let run = waiting.wake(self, now); run !== undefined; run = waiting.wake(self, now)) ids.push(run.id)
  return ids
}

const empty = (self: waiting.Waiting<Run>, now = 0): void => {
  bucket.firstBegins(self.bucket, true)
  while (bucket.take(self.bucket, now, false, true));
}

const earn = (self: waiting.Waiting<Run>, tokens: number): void => {
  for (let i = 0; i < 5 * tokens; i++) {
    bucket.firstBegins(self.bucket, true)
    bucket.firstSucceeds(self.bucket)
  }
}

describe("order", () => {
  it("wakes the oldest first, and behind all of them those whose retry has failed, the newest first", () => {
    const self = make()
    empty(self)
    const all = runs(5)
    for (const run of all) {
      run.hasFailed = run.id === 0 || run.id === 2
      assert.strictEqual(waiting.ask(self, run, 0), "wait")
    }
    earn(self, 10)
    assert.deepStrictEqual(wakeAll(self, 0), [1, 3, 4, 2, 0])
  })

  it("wakes the newest first once the oldest has given up, until nobody waits", () => {
    const self = make()
    empty(self)
    const all = runs(5)
    for (const run of all) waiting.ask(self, run, 0)
    waiting.ends(self, all[3]!, true)
    earn(self, 1)
    assert.deepStrictEqual(wakeAll(self, 0), [0])
    waiting.ends(self, all[1]!, true)
    earn(self, 2)
    assert.deepStrictEqual(wakeAll(self, 0), [4, 2])
    for (const run of all) waiting.ask(self, run, 0)
    earn(self, 2)
    assert.deepStrictEqual(wakeAll(self, 0), [0, 1])
  })

  it("keeps that order where a run is interrupted, which is no sign of a long queue", () => {
    const self = make()
    empty(self)
    const all = runs(3)
    for (const run of all) waiting.ask(self, run, 0)
    waiting.ends(self, all[0]!, false)
    earn(self, 2)
    assert.deepStrictEqual(wakeAll(self, 0), [1, 2])
  })

  it("lets a first retry pass those that only the reserve holds back", () => {
    const self = make()
    bucket.firstBegins(self.bucket, true)
    for (let i = 0; i < 6; i++) bucket.take(self.bucket, 0, false, true)
    const [failed, fresh] = runs(2) as [Run, Run]
    failed.hasFailed = true
    assert.strictEqual(waiting.ask(self, failed, 0), "wait")
    assert.strictEqual(waiting.ask(self, fresh, 0), "begin")
  })

  it("enters, wakes and leaves with the same few steps, however many wait", () => {
    const steps = (count: number) => {
      const self = make({ maxWaiting: Infinity })
      empty(self)
      const all = runs(count)
      for (const run of all) waiting.ask(self, run, 0)
      earn(self, 1)
      Run.touched = 0
      waiting.ends(self, all[count / 2]!, false)
      waiting.wake(self, 0)
      waiting.wakeAt(self)
      waiting.ask(self, new Run(), 0)
      return Run.touched
    }
    assert.strictEqual(steps(100_000), steps(10))
  })

  it("visits all that wait, also those that leave meanwhile", () => {
    const self = make()
    empty(self)
    const all = runs(4)
    all[1]!.hasFailed = true
    for (const run of all) waiting.ask(self, run, 0)
    const visited: Array<number> = []
    queue.each(self.queue, (run) => {
      visited.push(run.id)
      waiting.ends(self, run, true)
    })
    assert.deepStrictEqual(visited, [0, 2, 3, 1])
    assert.strictEqual(queue.size(self.queue), 0)
  })
})

describe("what is watched", () => {
  it("is a first attempt that begins while something fails or waits: its success ends an outage, and wakes others", () => {
    const self = make()
    assert.isTrue(waiting.isCalm(self))
    bucket.firstFails(self.bucket, 0, bucket.firstBegins(self.bucket, false))
    assert.isFalse(waiting.isCalm(self))
    earn(self, 1)
    assert.isTrue(waiting.isCalm(self))
    empty(self)
    waiting.ask(self, new Run(), 0)
    assert.isFalse(waiting.isCalm(self))
  })
})

describe("an interruption", () => {
  /** A run that has come so far, with its budget, which held nothing else when it asked. */
  const upTo = {
    waiting: (self: waiting.Waiting<Run>, run: Run) => {
      empty(self)
      waiting.ask(self, run, 0)
    },
    granted: (self: waiting.Waiting<Run>, run: Run) => {
      upTo.waiting(self, run)
      earn(self, 1)
      waiting.wake(self, 0)
    },
    probing: (self: waiting.Waiting<Run>, run: Run) => {
      upTo.waiting(self, run)
      waiting.wake(self, waiting.wakeAt(self))
      waiting.wake(self, waiting.wakeAt(self))
    },
    begun: (self: waiting.Waiting<Run>, run: Run) => {
      upTo.granted(self, run)
      waiting.begins(run)
    }
  }

  for (const [phase, left] of [["waiting", 0], ["granted", 1], ["probing", 0], ["begun", 0]] as const) {
    it(`leaves ${left} tokens where the run is ${phase}, however often it is heard`, () => {
      const self = make()
      const run = new Run()
      upTo[phase](self, run)
      assert.strictEqual(run.phase, phase)
      for (let i = 0; i < 2; i++) {
        waiting.ends(self, run, false)
        waiting.begins(run)
        waiting.succeeds(self, run, 1000)
        waiting.fails(self, run, 1000)
      }
      assert.strictEqual(self.bucket.units, left * bucket.token)
      assert.strictEqual(queue.size(self.queue), 0)
    })
  }
})

describe("bounds", () => {
  it("refuses where as many wait as may", () => {
    const self = make({ maxWaiting: 2 })
    empty(self)
    assert.deepStrictEqual(runs(3).map((run) => waiting.ask(self, run, 0)), ["wait", "wait", "refuse"])
  })

  it("refuses all that find no token where nobody may wait", () => {
    const self = make({ maxWaiting: 0, capacity: 2 })
    assert.deepStrictEqual(runs(3).map((run) => waiting.ask(self, run, 0)), ["begin", "begin", "refuse"])
    assert.strictEqual(waiting.wakeAt(self), Infinity)
  })
})

describe("a hint", () => {
  it("moves the earliest start of all that wait, and of those that ask meanwhile", () => {
    const self = make()
    const [a, b] = runs(2) as [Run, Run]
    waiting.hears(self, 0, 5000)
    waiting.hears(self, 1, 100)
    assert.strictEqual(waiting.ask(self, a, 10), "wait")
    assert.strictEqual(waiting.ask(self, b, 10), "wait")
    assert.deepStrictEqual(wakeAll(self, 4999), [])
    assert.strictEqual(waiting.wakeAt(self), 5000)
    assert.deepStrictEqual(wakeAll(self, 5000), [0, 1])
  })

  it("spreads over a second those that it has held back together, and others over 100 ms", () => {
    const self = make()
    assert.strictEqual(waiting.delay(self, 0, 0.5), 50)
    waiting.hears(self, 0, 5000)
    assert.strictEqual(waiting.delay(self, 5000, 0.5), 500)
    assert.strictEqual(waiting.delay(self, 6000, 0.5), 50)
  })

  it("holds nobody back by another clock", () => {
    const self = make()
    waiting.hears(self, 1e6, 5000)
    assert.strictEqual(waiting.ask(self, new Run(), 0), "begin")
  })
})

describe("under any order of steps", () => {
  const names = [
    "first succeeds",
    "first fails",
    "asks",
    "wakes",
    "begins",
    "succeeds",
    "fails",
    "is interrupted",
    "gives up",
    "time passes"
  ] as const
  const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
  const step = Schema.Struct({ name: Schema.Literals(names), id: upTo(5), millis: upTo(3000) })
  const steps = Schema.Array(step)

  /** What a bucket of fixed size should hold, told by each step and cut at once; and lists for a queue. */
  class Model {
    units: number
    failures = 0
    isRecovering = false
    first: Array<number> = []
    later: Array<number> = []
    isReversed = false
    readonly capacity: number

    constructor(capacity: number) {
      this.capacity = capacity
      this.units = capacity
    }

    earn(units: number): void {
      this.units = Math.min(this.capacity, this.units + units)
    }

    fail(): void {
      if (++this.failures >= bucket.outage) this.isRecovering = true
    }

    leave(id: number, gaveUp: boolean): void {
      if (gaveUp && this.first[0] === id) this.isReversed = true
      this.first = this.first.filter((other) => other !== id)
      this.later = this.later.filter((other) => other !== id)
      if (this.first.length === 0) this.isReversed = false
    }

    get next(): number | undefined {
      return this.first.at(this.isReversed ? -1 : 0) ?? this.later.at(-1)
    }
  }

  it.prop(
    "does what a plain model does, so no token is lost or given twice, and nobody is woken out of turn",
    { capacity: upTo(4), steps },
    ({ capacity, steps }) => {
      const self = make({ capacity: capacity + 1, maxWaiting: 4 })
      const model = new Model((capacity + 1) * bucket.token)
      const all = runs(6)
      let now = 0
      for (const { id, millis, name } of steps) {
        const run = all[id]!
        const { phase } = run
        if (name === "time passes") now += millis
        else if (name === "first succeeds") {
          bucket.firstBegins(self.bucket, true)
          bucket.firstSucceeds(self.bucket)
          bucket.notice(self.bucket, now)
          model.earn(200)
          model.failures = 0
        } else if (name === "first fails") {
          bucket.firstBegins(self.bucket, true)
          bucket.firstFails(self.bucket, now, undefined)
          model.fail()
        } else if (name === "asks" && phase === "none") {
          const answer = waiting.ask(self, run, now)
          const isFree = model.first.length === 0 && (model.later.length === 0 || !run.hasFailed)
          assert.strictEqual(
            answer,
            isFree && answer === "begin" ? "begin" : model.first.length + model.later.length < 4 ? "wait" : "refuse"
          )
          if (answer === "wait") model[run.hasFailed ? "later" : "first"].push(id)
          if (answer === "begin") {
            if (model.units === model.capacity) model.isRecovering = false
            model.units -= bucket.token
          }
          // with tokens at hand and nobody in front, a first retry never waits
          if (!run.hasFailed && isFree && model.failures < bucket.kept && answer !== "begin") {
            assert.isBelow(model.units, bucket.token)
          }
        } else if (name === "wakes") {
          const { next } = model
          const woken = waiting.wake(self, now)
          if (woken !== undefined) {
            assert.strictEqual(woken.id, next)
            model.leave(woken.id, false)
            if (woken.phase === "granted") model.units -= bucket.token
          }
        } else if (name === "begins") waiting.begins(run)
        else if (name === "succeeds") {
          const isAlone = now >= self.bucket.firstAt + 1000
          waiting.succeeds(self, run, now)
          if (phase === "begun") {
            model.failures = 0
            const gap = bucket.probeAt(self.bucket) - self.bucket.begunAt
            const alone = isAlone && now >= self.bucket.firstAt + gap
            model.earn((run.wasDeferred && model.isRecovering ? 600 : 1300) + (alone ? bucket.token : 0))
          }
        } else if (name === "fails") {
          waiting.fails(self, run, now)
          if (phase === "begun") {
            model.fail()
            assert.isTrue(run.hasFailed)
          }
        } else if (name === "is interrupted" || name === "gives up") {
          waiting.ends(self, run, name === "gives up")
          if (phase === "granted") model.units += bucket.token
          model.leave(id, name === "gives up")
          assert.strictEqual(run.phase, "none")
        }
        bucket.notice(self.bucket, now)
        model.units = Math.min(model.units, model.capacity)
        assert.strictEqual(self.bucket.units, model.units, name)
        assert.isAtLeast(model.units, 0)
        assert.strictEqual(self.bucket.isRecovering, model.isRecovering, name)
        assert.strictEqual(queue.size(self.queue), model.first.length + model.later.length)
        assert.strictEqual(queue.next(self.queue)?.id, model.next)
        for (const { lane, phase } of all) assert.strictEqual(lane !== undefined, phase === "waiting")
      }
    },
    { arbitrary: { runs: 1000 } }
  )

  it.prop(
    "is never stuck: all that wait have begun soon after the dependency is well, without a first attempt",
    { capacity: upTo(30), waiters: upTo(200), failures: upTo(40), shares: upTo(10), rate: upTo(20) },
    ({ capacity, failures, rate, shares, waiters }) => {
      const self = make({ capacity: capacity + 1 })
      let now = 0
      for (let i = 0; i < failures; i++) {
        bucket.firstBegins(self.bucket, true)
        bucket.firstFails(self.bucket, now, undefined)
        now += 1000 / (rate + 0.1)
      }
      const all = runs(waiters)
      all.forEach((run, i) => {
        run.hasFailed = i % 10 < shares
      })
      let left = all.filter((run) => waiting.ask(self, run, now) === "wait").length
      const from = now
      while (left > 0) {
        now = Math.max(now, waiting.wakeAt(self))
        const run = waiting.wake(self, now)
        if (run === undefined) {
          // the traffic was measured anew, so it is due later
          assert.isAbove(waiting.wakeAt(self), now)
          continue
        }
        waiting.begins(run)
        left--
        now += 20
        waiting.succeeds(self, run, now)
      }
      assert.isAtMost(now - from, 15_000)
    },
    { arbitrary: { runs: 300 } }
  )
})
