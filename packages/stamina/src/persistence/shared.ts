/**
 * One budget whose bucket is in Redis, with a small one here that runs along for when Redis is away.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Redis from "effect/persistence/Redis"
import { BudgetTelemetry } from "../budget/budgetTelemetry.ts"
import { both, TypeId as DoorTypeId } from "../budget/Door.ts"
import { exhausted } from "../budget/localBudget.ts"
import { type RetryBudget, type State, TypeId } from "../budget/model.ts"
import { type Answer, type FailedCall, type Final, granted, type Pass, type Request } from "../budget/pass.ts"
import { Visit } from "../budget/visit.ts"
import * as clock from "../tools/clock.ts"
import { read, typeOf } from "../tools/errors.ts"
import { logLine } from "../tools/logLine.ts"
import * as bucket from "./bucket.ts"
import { Cooldown } from "./cooldown.ts"
import { type Guest, Room } from "./room.ts"
import type { Command, Reply } from "./script.ts"

/** What all budgets of one program share. */
export interface Store {
  readonly send: (command: Command) => Effect.Effect<Reply, Redis.RedisError>
  /** Starts an effect that ends with the program at the latest. */
  readonly start: (effect: Effect.Effect<void>) => void
}

/** Checked options. */
export interface CheckedShared {
  readonly name: string
  /** How many retries may wait here; 0 if an empty budget refuses. */
  readonly maxWaiting: number
  readonly capacity: number
  readonly refill: number
  /** The tokens that this process has while it is alone. */
  readonly fallbackCapacity: number
}

/** How often what calls have come to is sent, in milliseconds; and for how long a refusal holds for all that ask here. */
export const tickMillis = 100

/** How long Redis may take to answer, in milliseconds. */
export const timeoutMillis = 500

/** How often a lost store is looked for, and how often a full bucket is told that calls succeed, in milliseconds. */
export const seldomMillis = 1000

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What a retry that asked is told. */
type Told = "granted" | "refused" | "alone"

interface Asking {
  readonly tell: (told: Told) => void
  hasGone: boolean
}

export class SharedBudget implements RetryBudget {
  readonly "~effect-stamina/RetryBudget": TypeId = TypeId
  readonly "~effect-stamina/Door": typeof DoorTypeId = DoorTypeId
  readonly name: string
  readonly both: typeof both = both
  readonly telemetry: BudgetTelemetry
  private readonly store: Store
  private readonly key: string
  private readonly capacity: number
  private readonly refill: number
  /** Runs along, for when the store is lost. It never holds more than the shared one did. */
  private readonly alone: bucket.Bucket
  private readonly cooldown = new Cooldown()
  /** Where retries wait that have found no token. */
  private readonly room: Room
  /** How many tokens the command under way wants for them. */
  private wantedHere = 0
  /** What the shared bucket held by the last reply. */
  private known: number
  /** What calls have come to since the last command, in units. */
  private pending = 0
  /** Whether others are to hear of a wait. */
  private hasHint = false
  private asking: Array<Asking> = []
  /** Those whose command is under way. */
  private asked: ReadonlyArray<Asking> = []
  private isSending = false
  private isDue = false
  private isClosed = false
  private sentAt: clock.Reading = 0n
  private refusedAt: clock.Reading | undefined
  /** Since when the store is lost. */
  private lostAt: clock.Reading | undefined

  constructor({ capacity, fallbackCapacity, maxWaiting, name, refill }: CheckedShared, store: Store) {
    this.name = name
    this.store = store
    this.key = `stamina:budget:{${name}}`
    this.capacity = bucket.inUnits(capacity)
    this.refill = bucket.inUnits(refill)
    this.alone = bucket.make(fallbackCapacity, refill)
    this.known = this.capacity
    this.room = new Room(maxWaiting)
    this.telemetry = new BudgetTelemetry({
      name,
      tokens: () => this.units / bucket.token,
      waiting: () => this.room.size
    })
  }

  called(fiber: AnyFiber): number {
    this.put(this.refill)
    this.room.firstBegins(fiber)
    if (this.telemetry.isExhausted) this.look(fiber)
    return this.refill
  }

  /** Each call was credited when it began. */
  succeeded(): void {}

  visit(credit: number | undefined): Visit {
    return new Visit(new SharedPass(this, credit ?? this.refill))
  }

  /** The first attempt of a call has failed that was credited so many units. */
  firstFailed(credit: number): void {
    this.put(-credit)
  }

  hears(hint: number, fiber: AnyFiber): void {
    this.cooldown.extend(hint, fiber)
    this.hasHint = this.lostAt === undefined
    this.holdBack(fiber)
  }

  private holdBack(fiber: AnyFiber): void {
    const quiet = this.cooldown.millisLeft(fiber)
    if (quiet > 0) this.room.hears(quiet, clock.millis(fiber))
  }

  ask(asking: Omit<Asking, "tell">, fiber: AnyFiber): Final | Effect.Effect<Final> {
    const wait = this.cooldown.millisLeft(fiber)
    if (wait >= 1) return { _tag: "Later", wait }
    const told = this.answerHere(fiber)
    if (told !== undefined) return this.answer(told, fiber)
    return Effect.map(
      Effect.callback<Told>((resume) => {
        this.asking.push(Object.assign(asking, { tell: (told: Told) => resume(Effect.succeed(told)) }))
        this.wake()
        return Effect.sync(() => {
          asking.hasGone = true
        })
      }),
      (told) => this.answer(told, fiber)
    )
  }

  putBack(): void {
    this.put(bucket.token)
  }

  /** A retry has succeeded. While no first attempts arrive, it frees one token more: nobody is there who could be crowded out. */
  retrySucceeded(fiber: AnyFiber): void {
    this.put(this.room.hasNoTraffic(clock.millis(fiber)) ? 2 * bucket.token : bucket.token)
  }

  retryBegins(fiber: AnyFiber): void {
    this.room.begins(clock.millis(fiber))
  }

  /** Whether a retry has to wait since others wait already. */
  isBehind(hasFailed: boolean): boolean {
    return this.room.isBehind(hasFailed)
  }

  /** Lets a retry wait that has found no token; `false` if it is refused. */
  wait(guest: Guest): boolean {
    return !this.isClosed && this.room.enter(guest)
  }

  stopsWaiting(guest: Guest): void {
    this.room.leave(guest)
  }

  /** Goes on with those that wait: it asks Redis for them, or the tokens of this process if that is lost. */
  private serve(fiber: AnyFiber): void {
    const now = clock.millis(fiber)
    for (let i = this.room.expire(now); i > 0; i--) this.telemetry.count("gave_up", fiber)
    if (this.room.size === 0 || this.cooldown.millisLeft(fiber) > 0) return
    if (this.room.probe(now)) this.telemetry.count("woken", fiber)
    if (this.lostAt === undefined) this.isDue = this.isDue || this.room.size > 0
    else while (this.room.size > 0 && bucket.take(this.alone)) this.wakeOne(now, fiber)
  }

  private wakeOne(now: number, fiber: AnyFiber): void {
    if (this.room.wakeOne(now)) this.telemetry.count("woken", fiber)
    else this.put(bucket.token) // whoever wanted it has gone
  }

  get state(): Effect.Effect<State> {
    return Effect.withFiberSucceed((fiber) => ({
      tokens: this.units / bucket.token,
      waiting: this.room.size,
      granted: this.telemetry.granted + this.telemetry.woken,
      deferred: this.telemetry.deferred,
      refused: this.telemetry.refused + this.telemetry.gave_up,
      quietFor: Duration.millis(this.cooldown.millisLeft(fiber)),
      store: this.lostAt === undefined ? "shared" : "lost"
    }))
  }

  /** To be called every {@link tickMillis}: sends what has gathered, if the shared bucket has a use for it. */
  tick(fiber: AnyFiber): void {
    const now = clock.read(fiber)
    const isSeldom = clock.millisBetween(this.sentAt, now) >= seldomMillis
    this.isDue = this.lostAt !== undefined
      ? isSeldom
      : this.hasHint || this.pending < 0 || (this.pending > 0 && (this.known < this.capacity || isSeldom))
    this.serve(fiber)
    if (this.isDue) this.wake()
  }

  /** Nothing is sent any more: the program ends. */
  close(): void {
    this.isClosed = true
    this.telemetry.forget()
    for (const { tell } of [...this.asked, ...this.asking.splice(0)]) tell("alone")
    this.room.close()
  }

  private get units(): number {
    return this.lostAt === undefined ? Math.min(this.capacity, this.known + this.pending) : this.alone.units
  }

  /** Nothing is saved up for a store that is away: it would all come at once with its return. */
  private put(units: number): void {
    if (this.lostAt === undefined) this.pending += units
    bucket.add(this.alone, units)
  }

  /** Tells when it no longer holds retries back. */
  look(fiber: AnyFiber): void {
    const capacity = this.lostAt === undefined ? this.capacity : this.alone.capacity
    this.telemetry.seen(this.room.size === 0 && this.units >= capacity / 2, fiber)
  }

  /** The answer that needs no command, if there is one. */
  private answerHere(fiber: AnyFiber): Told | undefined {
    if (this.isClosed || this.lostAt !== undefined) return "alone"
    if (this.refusedAt === undefined) return undefined
    // what was refused a moment ago is refused again, or an outage would be one of Redis too
    return clock.millisBetween(this.refusedAt, clock.read(fiber)) < tickMillis ? "refused" : undefined
  }

  private answer(told: Told, fiber: AnyFiber): Final {
    if (told === "refused" || (told === "alone" && !bucket.take(this.alone))) return exhausted
    // the reply may have brought a cooldown that others asked for
    const wait = this.cooldown.millisLeft(fiber)
    if (wait >= 1) {
      this.put(bucket.token)
      return { _tag: "Later", wait }
    }
    return granted
  }

  /** What processes share is about the whole dependency. */
  quietFor(_about: string | undefined, now: number): number {
    return this.cooldown.millisLeftAt(now)
  }

  private wake(): void {
    if (this.isSending || this.isClosed) return
    this.isSending = true
    this.store.start(Effect.ensuring(this.sendAll, Effect.sync(() => this.isSending = false)))
  }

  /** One command at a time: retries that ask meanwhile share the next. */
  private readonly sendAll: Effect.Effect<void> = Effect.suspend(() =>
    this.isDue || this.asking.length > 0 ? Effect.flatMap(this.send, () => this.sendAll) : Effect.void
  )

  private readonly send: Effect.Effect<void> = Effect.withFiber((fiber) => {
    const asking = this.asking.filter(({ hasGone }) => !hasGone)
    // those that wait go first, and one command is for all of them
    const waiting = this.cooldown.millisLeft(fiber) > 0 ? 0 : this.room.size
    this.wantedHere = waiting
    const command: Command = {
      key: this.key,
      add: this.pending,
      wanted: waiting + asking.length,
      capacity: this.capacity,
      quiet: this.hasHint ? this.cooldown.millisLeft(fiber) : 0
    }
    this.asking = []
    this.asked = asking
    this.isDue = false
    this.pending = 0
    this.hasHint = false
    this.sentAt = clock.read(fiber)
    return Effect.map(Effect.exit(inTime(this.store.send(command))), (exit) => {
      if (Exit.isSuccess(exit)) this.replied(exit.value, asking, fiber)
      else this.lost(exit.cause, asking, fiber)
    })
  })

  private replied([grants, units, quiet]: Reply, asking: ReadonlyArray<Asking>, fiber: AnyFiber): void {
    if (this.lostAt !== undefined) {
      const lostFor = clock.millisSince(fiber, this.lostAt)
      this.lostAt = undefined
      this.log(fiber, "Info", "stamina.budget_store_back", () => ({ lost_for: lostFor / 1000 }))
    }
    this.known = units
    // a process that is left alone in an outage must not begin with tokens that the fleet has spent
    this.alone.units = Math.min(this.alone.capacity, units)
    this.cooldown.extend(quiet, fiber)
    this.holdBack(fiber)
    const here = Math.min(this.wantedHere, grants)
    const now = clock.millis(fiber)
    for (let i = 0; i < here; i++) this.wakeOne(now, fiber)
    const left = grants - here
    this.refusedAt = left < asking.length ? clock.read(fiber) : undefined
    asking.forEach(({ hasGone, tell }, i) => {
      if (i >= left) tell("refused")
      else if (hasGone) this.put(bucket.token)
      else tell("granted")
    })
  }

  /** A command that is lost stays lost: it may arrive late, and would then count twice. */
  private lost(cause: Cause.Cause<unknown>, asking: ReadonlyArray<Asking>, fiber: AnyFiber): void {
    this.pending = 0
    this.hasHint = false
    this.refusedAt = undefined
    if (this.lostAt === undefined) {
      this.lostAt = clock.read(fiber)
      const error = Cause.squash(cause)
      const code = read(read(error, "cause"), "code")
      this.log(fiber, "Warn", "stamina.budget_store_lost", () => ({
        caused_by: typeOf(error),
        ...(typeof code === "string" ? { code } : undefined),
        summary: "each process limits its retries for itself until the store is back"
      }))
    }
    // also those that came while the command was under way: the next one would keep them as long again
    for (const { tell } of [...asking, ...this.asking.splice(0)]) tell("alone")
  }

  private log(fiber: AnyFiber, level: "Info" | "Warn", message: string, rest: () => object): void {
    const labels = { budget: this.name }
    logLine(fiber, { level, message, labels }, { annotations: () => ({ ...labels, ...rest() }) })
  }
}

/** A run at a shared budget. It is its own place among those that wait. */
class SharedPass implements Pass, Guest {
  before: Guest | undefined = undefined
  after: Guest | undefined = undefined
  lane: Guest["lane"] = undefined
  expiresAt: number = Infinity
  deadlineAt: number = Infinity
  place: number = -1
  hasFailed: boolean = false
  private readonly budget: SharedBudget
  private readonly credit: number
  private phase: "first" | "none" | "waiting" | "granted" | "begun" = "first"
  private asker: AnyFiber | undefined = undefined
  /** The answer that it waits for, or what wants to have it. */
  private turn: Effect.Effect<Final> | ((answer: Effect.Effect<Final>) => void) | undefined = undefined

  constructor(budget: SharedBudget, credit: number) {
    this.budget = budget
    this.credit = credit
  }

  failed({ attempt, hint }: FailedCall, fiber: AnyFiber): void {
    if (attempt === 1 && this.phase === "first") this.budget.firstFailed(this.credit)
    if (this.phase === "begun") this.hasFailed = true
    this.phase = "none"
    if (hint !== undefined) this.budget.hears(hint, fiber)
    this.budget.look(fiber)
  }

  notBefore(fiber: AnyFiber): number {
    return this.budget.quietFor(undefined, clock.millis(fiber))
  }

  get fiber(): AnyFiber {
    return this.asker as AnyFiber // only one that has asked waits
  }

  ask(request: Request, fiber: AnyFiber): Answer | Effect.Effect<Answer> {
    // whoever was interrupted while it waited comes back to its place
    if (this.phase === "waiting") return this.queued
    if (this.phase === "granted") return granted
    this.asker = fiber
    this.hasFailed ||= request.retryNum > 1
    if (this.budget.isBehind(this.hasFailed) && this.budget.quietFor(undefined, clock.millis(fiber)) < 1) {
      return this.note(exhausted, request)
    }
    const answer = this.budget.ask({ hasGone: false }, fiber)
    return Effect.isEffect(answer)
      ? Effect.uninterruptibleMask((restore) => Effect.map(restore(answer), (answer) => this.note(answer, request)))
      : this.note(answer, request)
  }

  /** A retry that finds no token waits for one. */
  private note(answer: Final, { left, untilDeadline }: Request): Answer {
    const { budget, fiber } = this
    if (answer._tag === "Granted") {
      this.phase = "granted"
      budget.telemetry.count("granted", fiber)
    }
    if (answer._tag !== "Refused") return answer
    const now = clock.millis(fiber)
    this.expiresAt = now + left
    this.deadlineAt = now + untilDeadline
    this.turn = undefined
    if (left <= 0 || !budget.wait(this)) {
      budget.telemetry.count("refused", fiber)
      return answer
    }
    this.phase = "waiting"
    budget.telemetry.count("deferred", fiber)
    return this.queued
  }

  private get queued(): Answer {
    const turn = Effect.callback<Final>((resume) => {
      if (Effect.isEffect(this.turn)) resume(this.turn)
      else this.turn = resume
    })
    return { _tag: "Queued", turn }
  }

  grant(): void {
    this.phase = "granted"
  }

  tell(answer: Effect.Effect<Final>): void {
    if (this.phase === "waiting") this.phase = "none"
    const { turn } = this
    this.turn = answer
    if (typeof turn === "function") turn(answer)
  }

  began(fiber: AnyFiber): void {
    if (this.phase === "granted") this.phase = "begun"
    this.budget.retryBegins(fiber)
  }

  succeeded(fiber: AnyFiber): void {
    if (this.phase === "begun") {
      this.budget.retrySucceeded(fiber)
      this.budget.look(fiber)
    }
    this.phase = "none"
  }

  left(fiber: AnyFiber): void {
    if (this.phase === "waiting") this.budget.stopsWaiting(this)
    if (this.phase === "granted") {
      this.budget.putBack()
      this.budget.look(fiber)
    }
    this.phase = "none"
  }
}

/**
 * Limits the time of a command. A process that was busy for longer finds its timer before the answer that has been there
 * for long, so the answer gets a moment more.
 */
const inTime = (command: Effect.Effect<Reply, Redis.RedisError>): Effect.Effect<Reply, unknown> =>
  Effect.flatMap(Effect.forkChild(command, { startImmediately: true }), (fiber) => {
    const within = (millis: number) => Effect.timeoutOption(Fiber.join(fiber), millis)
    return Effect.flatMap(within(timeoutMillis), (reply) =>
      Option.isSome(reply)
        ? Effect.succeed(reply.value)
        : Effect.flatMap(within(tickMillis / 2), (reply) =>
          Option.isSome(reply)
            ? Effect.succeed(reply.value)
            : Effect.andThen(Fiber.interrupt(fiber), Effect.fail(new Cause.TimeoutError("Redis took too long")))))
  })
