/**
 * Plays calls, retries and a budget event by event: traffic and faults come in, and it keeps no figures of its own.
 *
 * Times are in milliseconds. Calls have the default policy: 10 attempts, 45 s, waits of 0.1 s · 2^(n-1) + [0, 1) s, at most 5 s.
 */
import { Heap } from "../../../stamina-lab/src/fleet/heap.ts"
import * as waiting from "../../src/budget/waiting.ts"

/** One call, through all its attempts. */
export interface Call extends waiting.Waiter<Call> {
  readonly client: number
  readonly start: number
  /** The number of the attempt, 1 = the first. */
  attempt: number
  /** How the attempt will end. */
  willFail: boolean
  /** How often it has entered the queue, so that a timer of an earlier wait is known as one. */
  entered: number
  /** What its first attempt was credited when it began, in units; `undefined` if it is watched. */
  credit: number | undefined
  /** What the scenario wants to know of it. */
  mark: number
}

/** A budget that calls of one client share. */
export interface Player {
  readonly firstBegins: (call: Call, now: number) => void
  readonly firstSucceeds: (call: Call) => void
  readonly firstFails: (call: Call, now: number) => void
  /** The attempt has failed, and a wait is about to begin. A budget that refuses is asked here. */
  readonly reserve: (call: Call, now: number) => boolean
  /** The wait is over, and the retry is about to begin. */
  readonly ask: (call: Call, now: number) => "begin" | "wait" | "refuse"
  readonly wake: (now: number) => Call | undefined
  readonly wakeAt: () => number
  readonly begins: (call: Call) => void
  readonly succeeds: (call: Call, now: number) => void
  readonly fails: (call: Call, now: number) => void
  readonly gaveUp: (call: Call) => void
}

export interface Game {
  readonly make: () => Player
  readonly clients: number
  readonly random: () => number
  /** Those who are woken begin within so many milliseconds. */
  readonly spread: number
  /** An attempt begins: when it ends, and whether it fails. */
  readonly attempt: (call: Call, now: number) => readonly [end: number, fails: boolean]
  readonly onEnd?: (call: Call, now: number, succeeded: boolean) => void
}

const attempts = 10
const timeout = 45_000

type Event =
  | { readonly kind: "calls" | "retries" | "begins" | "ends"; readonly call: Call }
  | { readonly kind: "late"; readonly call: Call; readonly entered: number }
  | { readonly kind: "timer"; readonly client: number }

export class Play {
  readonly players: ReadonlyArray<Player>
  /** The most that waited for tokens at once, of all clients, and how many were turned away at the end of the queue. */
  mostWaiting = 0
  waitingNow = 0
  private readonly events = new Heap<Event>()
  private readonly timers: Array<number>
  private readonly game: Game

  constructor(game: Game) {
    this.game = game
    this.players = Array.from({ length: game.clients }, game.make)
    this.timers = this.players.map(() => Infinity)
  }

  /** A client makes a call. */
  calls(client: number, at: number): void {
    this.events.add(at, {
      kind: "calls",
      call: {
        client,
        start: at,
        attempt: 1,
        willFail: false,
        entered: 0,
        credit: undefined,
        mark: 0,
        before: undefined,
        after: undefined,
        lane: undefined,
        phase: "none",
        wasDeferred: false,
        hasFailed: false
      }
    })
  }

  /** Plays until nothing happens any more. */
  run(): void {
    while (this.events.time < Infinity) {
      const now = this.events.time
      const event = this.events.take()
      if (event === undefined) break
      const client = event.kind === "timer" ? event.client : event.call.client
      const player = this.players[client]!
      this.step(event, player, now)
      if (event.kind !== "begins") this.pump(client, player, now)
    }
  }

  private step(event: Event, player: Player, now: number): void {
    if (event.kind === "timer") {
      this.timers[event.client] = Infinity
      return
    }
    const { call } = event
    if (event.kind === "calls") {
      player.firstBegins(call, now)
      this.attempt(call, now)
    } else if (event.kind === "ends") {
      if (call.willFail) this.fails(call, player, now)
      else {
        if (call.attempt === 1) player.firstSucceeds(call)
        else player.succeeds(call, now)
        this.game.onEnd?.(call, now, true)
      }
    } else if (event.kind === "retries") {
      const answer = player.ask(call, now)
      if (answer === "begin") this.begin(call, player, now)
      else if (answer === "refuse") this.game.onEnd?.(call, now, false)
      else {
        this.mostWaiting = Math.max(this.mostWaiting, ++this.waitingNow)
        this.events.add(Math.max(now, call.start + timeout), { kind: "late", call, entered: ++call.entered })
      }
    } else if (event.kind === "begins") this.begin(call, player, now)
    else if (event.kind === "late" && event.entered === call.entered && call.phase === "waiting") {
      this.waitingNow--
      player.gaveUp(call)
      this.game.onEnd?.(call, now, false)
    }
  }

  private pump(client: number, player: Player, now: number): void {
    for (let call = player.wake(now); call !== undefined; call = player.wake(now)) {
      this.waitingNow--
      this.events.add(now + this.game.random() * this.game.spread, { kind: "begins", call })
    }
    const at = Math.max(now, player.wakeAt())
    if (at >= this.timers[client]!) return
    this.timers[client] = at
    this.events.add(at, { kind: "timer", client })
  }

  private begin(call: Call, player: Player, now: number): void {
    player.begins(call)
    call.attempt++
    this.attempt(call, now)
  }

  private attempt(call: Call, now: number): void {
    const [end, fails] = this.game.attempt(call, now)
    call.willFail = fails
    this.events.add(end, { kind: "ends", call })
  }

  private fails(call: Call, player: Player, now: number): void {
    if (call.attempt === 1) player.firstFails(call, now)
    else player.fails(call, now)
    if (call.attempt < attempts && now - call.start < timeout && player.reserve(call, now)) {
      const wait = Math.min(5000, 100 * 2 ** (call.attempt - 1) + 1000 * this.game.random())
      this.events.add(now + wait, { kind: "retries", call })
    } else this.game.onEnd?.(call, now, false)
  }
}
