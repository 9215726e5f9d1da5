/**
 * A run in a fiber.
 */
import type * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import * as deadlines from "../ambient/deadlines.ts"
import type { Visit } from "../budget/visit.ts"
import type { Planned } from "../run/run.ts"
import { restart, Run, runsEnded } from "../run/run.ts"
import type { Notified } from "../telemetry/notify.ts"
import * as clock from "../tools/clock.ts"
import type { Settings } from "./settings.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** When a run began, how many runs had ended by then, and what its door said. */
export interface Beginning {
  readonly start: clock.Reading
  readonly endedBefore: number
  /** What the door credited; `undefined` if it is to be notified of a success. */
  readonly credit: number | undefined
}

/**
 * Begins a run: the only place where one begins. Its door, if it has one, is notified. `seesSuccess`: the driver notices if the
 * first attempt succeeds.
 */
export const begin = ({ door }: Settings, fiber: AnyFiber, seesSuccess: boolean): Beginning => ({
  start: clock.read(fiber),
  endedBefore: runsEnded(),
  credit: door === undefined ? 0 : door.called(fiber, seesSuccess)
})

/** The numbers of a run, its settings, the clock at its start, and what its hooks were notified of. */
export class LiveRun extends Run implements Notified {
  readonly settings: Settings
  /** The fiber that drives the run. A stream may be pulled by one fiber after another. */
  fiber: AnyFiber
  /** The clock of the fiber that began the run. */
  readonly clock: Clock.Clock
  /** What it said just before the first attempt. */
  start: clock.Reading
  /** How many attempts were made before this run started afresh, see `resetAfter`. */
  attemptsBefore = 0
  /** When the attempt became healthy (a stream: its first element). `undefined`: from its start. */
  healthyFrom: number | undefined = undefined
  /** Whether the finalizer that sees how the run ends is installed. */
  isGuarded = false
  /** The error that the retry itself made of the current attempt, because that took too long. */
  ownError: unknown = undefined
  /** What the door credited when the run began; `undefined` if it is to be notified of a success. */
  credit: number | undefined
  /** The run at its door, from its first failure on. */
  visit: Visit | undefined = undefined
  hooks: Settings["hooks"]
  heard = 0
  ending: Notified["ending"] = undefined

  constructor(settings: Settings, fiber: AnyFiber, { credit, endedBefore, start }: Beginning) {
    super(endedBefore, 0)
    this.credit = credit
    this.settings = settings
    this.fiber = fiber
    this.clock = clock.of(fiber)
    this.start = start
    this.hooks = settings.hooks
  }

  /** The time of the run: milliseconds since just before its first attempt. */
  time(): number {
    return clock.millisBetween(this.start, this.clock.monotonicTimeNanosUnsafe())
  }

  /** When the earliest deadline around the fiber passes, in the time of the run. */
  deadline(): number | undefined {
    const at = deadlines.earliest(this.fiber)
    return at === undefined ? undefined : clock.millisBetween(this.start, at)
  }

  /** Starts the run afresh with the attempt that has just failed, after it took `took` milliseconds. */
  restart({ credit, start }: Beginning, took: number): void {
    this.attemptsBefore += this.attempt - 1
    this.start = start
    this.healthyFrom = Infinity
    this.credit = credit
    this.visit = undefined
    this.hooks = this.settings.hooks
    this.heard = 0
    this.ending = undefined
    restart(this, -took)
  }
}

/** A run that has failed. */
export type FailedRun = LiveRun & Planned
