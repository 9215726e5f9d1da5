/**
 * A budget whose tokens are in this process: the arithmetic of `waiting.ts`, driven by the fibers of its runs. One timer wakes
 * all that wait.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { draw } from "../tools/chance.ts"
import * as clock from "../tools/clock.ts"
import { BudgetTelemetry } from "./budgetTelemetry.ts"
import { both, TypeId as DoorTypeId } from "./Door.ts"
import { Expiries, type Expiring } from "./expiries.ts"
import { Hints } from "./hints.ts"
import type { RetryBudget, State, TypeId } from "./model.ts"
import type { Checked } from "./options.ts"
import { type Answer, type AnyFiber, type FailedCall, type Final, granted, type Pass, type Request } from "./pass.ts"
import * as queue from "./queue.ts"
import * as bucket from "./tokens.ts"
import { Visit } from "./visit.ts"
import * as waiting from "./waiting.ts"

export class LocalBudget implements RetryBudget {
  readonly "~effect-stamina/RetryBudget": TypeId = "~effect-stamina/RetryBudget"
  readonly "~effect-stamina/Door": typeof DoorTypeId = DoorTypeId
  readonly name: string
  readonly both: typeof both = both
  readonly telemetry: BudgetTelemetry
  waiting: waiting.Waiting<BudgetPass>
  private readonly checked: Checked
  /** The clock of its runs, if it begins anew on another one. */
  private clock: Clock.Clock | undefined = undefined
  private readonly expiries = new Expiries<BudgetPass>()
  private hints = new Hints()
  private timer: Timer | undefined = undefined

  /** `heir`: it takes the place of another one, and has no more tokens than that. */
  constructor(checked: Checked, heir?: LocalBudget) {
    const { name } = checked
    this.name = name
    this.checked = checked
    this.waiting = waiting.make(checked)
    if (heir !== undefined) bucket.inherit(this.waiting.bucket, heir.waiting.bucket)
    this.telemetry = new BudgetTelemetry({ name, tokens: () => this.tokens, waiting: () => this.size })
  }

  called(fiber: AnyFiber, seesSuccess: boolean): number | undefined {
    const { bucket: it } = this.waiting
    const credit = bucket.firstBegins(it, seesSuccess || !waiting.isCalm(this.waiting))
    if (this.size > 0 || bucket.wantsTime(it)) bucket.notice(it, clock.millis(fiber))
    if (this.telemetry.isExhausted) this.look(fiber)
    return credit
  }

  succeeded(fiber: AnyFiber): void {
    bucket.firstSucceeds(this.waiting.bucket)
    if (this.size > 0 || this.telemetry.isExhausted) this.goOn(clock.millis(fiber), fiber)
  }

  visit(credit: number | undefined, about?: string): Visit {
    return new Visit(new BudgetPass(this, credit, about))
  }

  get state(): Effect.Effect<State> {
    return Effect.withFiberSucceed((fiber) => ({
      tokens: this.tokens,
      waiting: this.size,
      granted: this.telemetry.granted + this.telemetry.woken,
      deferred: this.telemetry.deferred,
      refused: this.telemetry.refused + this.telemetry.gave_up,
      quietFor: Duration.millis(waiting.quietFor(this.waiting, clock.millis(fiber))),
      store: "local"
    }))
  }

  /** Whether nothing would be lost with it: nobody waits, and it is full. */
  get isAtRest(): boolean {
    const { bucket: { capacity, units } } = this.waiting
    return this.size === 0 && units >= capacity
  }

  private get size(): number {
    return queue.size(this.waiting.queue)
  }

  private get tokens(): number {
    const { capacity, units } = this.waiting.bucket
    return Math.min(units, capacity) / bucket.token
  }

  /** To be called after each step: wakes those that may begin now, and has those give up whose limits have passed. */
  goOn(now: number, fiber: AnyFiber): void {
    for (let pass = this.expiries.take(now); pass !== undefined; pass = this.expiries.take(now)) {
      waiting.ends(this.waiting, pass, true)
      this.telemetry.count("gave_up", fiber)
      pass.tell(Effect.succeed(exhausted))
    }
    for (let pass = waiting.wake(this.waiting, now); pass !== undefined; pass = waiting.wake(this.waiting, now)) {
      this.expiries.remove(pass)
      this.telemetry.count("woken", fiber)
      const delay = waiting.delay(this.waiting, now, draw(pass.fiber))
      pass.tell(
        Effect.as(clock.sleep(clock.of(pass.fiber), Math.min(delay, Math.max(0, pass.expiresAt - now))), granted)
      )
    }
    this.arm(now, fiber)
    this.look(fiber)
  }

  /** Tells when it no longer holds retries back. */
  private look(fiber: AnyFiber): void {
    const { capacity, units } = this.waiting.bucket
    this.telemetry.seen(this.size === 0 && units >= capacity / 2, fiber)
  }

  /** A call on this clock has failed. */
  failsOn(current: Clock.Clock): void {
    if (this.checked.isOfClock !== true || this.clock === current) return
    if (this.clock !== undefined && this.size === 0) {
      this.waiting = waiting.make(this.checked)
      this.hints = new Hints()
    }
    this.clock = current
  }

  /** Begins to wait. */
  wait(pass: BudgetPass, now: number, fiber: AnyFiber): void {
    this.telemetry.count("deferred", fiber)
    this.expiries.add(pass)
    this.goOn(now, fiber)
  }

  /** Waits no longer. */
  left(pass: BudgetPass, fiber: AnyFiber): void {
    if (pass.phase === "none") return
    this.expiries.remove(pass)
    waiting.ends(this.waiting, pass, false)
    if (this.size > 0) this.goOn(clock.millis(fiber), fiber)
  }

  /** For how many milliseconds the dependency, or a part of it, wants to be left alone. */
  quietFor(about: string | undefined, now: number): number {
    return Math.max(waiting.quietFor(this.waiting, now), this.hints.quietFor(about, now))
  }

  /**
   * The dependency, or a part of it, has asked to be left alone. Runs that this takes past their limits give up at once. Those
   * about that part come back when its time is over.
   */
  hears(about: string | undefined, millis: number, now: number): void {
    const whole = about === undefined ? millis : this.hints.hears(about, now, millis)
    if (!waiting.hears(this.waiting, now, whole) && about === undefined) return
    queue.each(this.waiting.queue, (pass) => {
      const quiet = this.quietFor(pass.about, now)
      const isPart = about !== undefined && pass.about === about
      if (!isPart && now + quiet < Math.min(pass.expiresAt, pass.deadlineAt)) return
      this.expiries.remove(pass)
      waiting.ends(this.waiting, pass, !isPart)
      pass.tell(Effect.succeed({ _tag: "Later", wait: quiet }))
    })
  }

  /** When something is due for those that wait. */
  private get next(): number {
    return Math.min(this.expiries.next, waiting.wakeAt(this.waiting))
  }

  /** Has one timer for what comes next. It may be early, and is armed again then. */
  private arm(now: number, fiber: AnyFiber): void {
    const at = this.next
    const { timer } = this
    if (at === Infinity) return this.disarm()
    const current = clock.of(fiber)
    // that of another clock may never come, such as that of a test that is over
    if (timer !== undefined && timer.clock === current && timer.at <= at && timer.at >= now) return
    this.disarm()
    const armed: Timer = { at, clock: current, fiber: undefined }
    this.timer = armed
    armed.fiber = Effect.runForkWith(fiber.context)(
      Effect.flatMap(clock.sleep(current, upwards(at - now)), () =>
        Effect.withFiberSucceed((fiber) => {
          if (this.timer !== armed) return
          this.timer = undefined
          const now = clock.millis(fiber)
          if (now >= this.next) this.goOn(now, fiber)
          else this.arm(now, fiber)
        }))
    )
  }

  private disarm(): void {
    this.timer?.fiber?.interruptUnsafe()
    this.timer = undefined
  }
}

/**
 * A wait in milliseconds, rounded up to microseconds. A timer that comes a moment too early would otherwise ask for less than a
 * clock can measure, again and again.
 */
const upwards = (millis: number): number => Math.max(0, Math.ceil(millis * 1000) / 1000)

interface Timer {
  readonly at: number
  readonly clock: Clock.Clock
  fiber: Fiber.Fiber<void> | undefined
}

/** A run at a budget. It is its own place in the queue. */
class BudgetPass implements Pass, waiting.Waiter<BudgetPass>, Expiring {
  before: BudgetPass | undefined = undefined
  after: BudgetPass | undefined = undefined
  lane: queue.Lane<BudgetPass> | undefined = undefined
  phase: waiting.Phase = "none"
  wasDeferred: boolean = false
  hasFailed: boolean = false
  expiresAt: number = Infinity
  deadlineAt: number = Infinity
  place: number = -1
  /** Which part of the dependency the run calls. */
  readonly about: string | undefined
  private readonly budget: LocalBudget
  /** What the first attempt was credited when it began. */
  private readonly credit: number | undefined
  /** Whether the bucket knows what became of the first attempt. */
  private isSettled = false
  private asking: AnyFiber | undefined = undefined
  /** The answer that it waits for, or what wants to have it. */
  private turn: Effect.Effect<Final> | ((answer: Effect.Effect<Final>) => void) | undefined = undefined

  constructor(budget: LocalBudget, credit: number | undefined, about: string | undefined) {
    this.budget = budget
    this.about = about
    this.credit = credit
  }

  /** The fiber that waits. */
  get fiber(): AnyFiber {
    return this.asking as AnyFiber // only one that has asked waits
  }

  failed({ attempt, hint }: FailedCall, fiber: AnyFiber): void {
    const { budget } = this
    const now = clock.millis(fiber)
    if (attempt === 1) budget.failsOn(clock.of(fiber))
    if (attempt > 1) waiting.fails(budget.waiting, this, now)
    else if (!this.isSettled) bucket.firstFails(budget.waiting.bucket, now, this.credit)
    this.isSettled = true
    if (hint !== undefined && hint > 0) budget.hears(this.about, hint, now)
    budget.goOn(now, fiber)
  }

  notBefore(fiber: AnyFiber): number {
    return this.budget.quietFor(this.about, clock.millis(fiber))
  }

  ask({ left, retryNum, untilDeadline }: Request, fiber: AnyFiber): Answer {
    const { budget } = this
    this.isSettled = true
    this.asking = fiber
    // whoever was interrupted while it waited comes back to its place
    if (this.phase === "waiting") return this.queued
    if (this.phase === "granted" || this.phase === "probing") return granted
    const now = clock.millis(fiber)
    const quiet = budget.quietFor(this.about, now)
    // the queue knows of the whole dependency only
    const isPart = quiet > waiting.quietFor(budget.waiting, now)
    if (quiet >= 1 && (isPart || budget.waiting.maxWaiting === 0 || quiet >= Math.min(left, untilDeadline))) {
      return { _tag: "Later", wait: quiet }
    }
    this.hasFailed ||= retryNum > 1
    const answer = waiting.ask(budget.waiting, this, now)
    if (answer === "begin") {
      budget.telemetry.count("granted", fiber)
      return granted
    }
    if (answer === "refuse") {
      budget.telemetry.count("refused", fiber)
      return exhausted
    }
    this.turn = undefined
    this.expiresAt = now + left
    this.deadlineAt = now + untilDeadline
    budget.wait(this, now, fiber)
    return this.queued
  }

  private get queued(): Answer {
    const turn = Effect.callback<Final>((resume) => {
      if (Effect.isEffect(this.turn)) resume(this.turn)
      else this.turn = resume
    })
    return { _tag: "Queued", turn }
  }

  /** Ends the wait with an answer. */
  tell(answer: Effect.Effect<Final>): void {
    const { turn } = this
    this.turn = answer
    if (typeof turn === "function") turn(answer)
  }

  began(): void {
    waiting.begins(this)
  }

  succeeded(fiber: AnyFiber): void {
    const { budget } = this
    const now = clock.millis(fiber)
    if (this.isSettled) waiting.succeeds(budget.waiting, this, now)
    else if (this.credit === undefined) bucket.firstSucceeds(budget.waiting.bucket)
    this.isSettled = true
    budget.goOn(now, fiber)
  }

  left(fiber: AnyFiber): void {
    this.budget.left(this, fiber)
  }
}

/** The answer of a budget that has no token. */
export const exhausted: Final = { _tag: "Refused", reason: "BudgetExhausted" }
