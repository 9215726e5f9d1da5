/**
 * What a clock that jumps has still to do: tasks first, then the next sleeper.
 *
 * The clock may jump only when nothing else is left to do, so it is the scheduler as well: all fibers hand it their tasks.
 */
import * as Effect from "effect/Effect"
import type * as Scheduler from "effect/Scheduler"

interface Sleeper {
  /** When it wakes, in milliseconds. */
  readonly at: number
  readonly wake: () => void
}

/** Time, and who waits for it. */
export class Agenda implements Scheduler.Scheduler {
  /** Milliseconds since the beginning. */
  now = 0
  readonly executionMode: "sync" | "async"
  /** By the time at which they wake, then by age. */
  private readonly sleepers: Array<Sleeper> = []
  private readonly parent: Scheduler.Scheduler
  /** One for all fibers, so that `Effect.runSync` runs what is left of all of them. */
  private readonly tasks: Scheduler.SchedulerDispatcher
  private readonly dispatcher: Scheduler.SchedulerDispatcher
  /** Whether a task has run since the agenda was last looked at. */
  private busy = false
  /** Whether a look at the agenda is due. */
  private looks = false

  constructor(parent: Scheduler.Scheduler) {
    this.parent = parent
    this.executionMode = parent.executionMode
    this.tasks = parent.makeDispatcher()
    this.dispatcher = {
      scheduleTask: (task, priority) => {
        this.tasks.scheduleTask(() => {
          this.busy = true
          task()
        }, priority)
      },
      flush: () => this.tasks.flush()
    }
  }

  readonly shouldYield: Scheduler.Scheduler["shouldYield"] = (fiber) => this.parent.shouldYield(fiber)

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.dispatcher
  }

  passes(millis: number): void {
    this.now += millis
  }

  /** Sleeps for a finite time. */
  sleep(millis: number): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      // a fiber makes its dispatcher when it first needs it; `Effect.runSync` runs none that was never made
      void fiber.currentDispatcher
      return Effect.callback<void>((resume) => {
        const sleeper: Sleeper = { at: this.now + millis, wake: () => resume(Effect.void) }
        this.sleepers.splice(this.placeOf(sleeper.at), 0, sleeper)
        this.look()
        return Effect.sync(() => {
          const index = this.sleepers.indexOf(sleeper)
          if (index >= 0) this.sleepers.splice(index, 1)
        })
      })
    })
  }

  /** After all who wake no later. */
  private placeOf(at: number): number {
    let low = 0
    let high = this.sleepers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const sleeper = this.sleepers[middle]
      if (sleeper !== undefined && sleeper.at <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * Looks at the agenda after all tasks, and jumps if there was none since the last look. Between two looks promises go
   * on: each is in a turn of the event loop of its own, and tasks that come of them run before it.
   */
  private look(): void {
    if (this.looks || this.sleepers.length === 0) return
    this.looks = true
    this.tasks.scheduleTask(() => {
      this.looks = false
      if (this.busy) this.busy = false
      else this.jump()
      this.look()
    }, Infinity)
  }

  /** Wakes the next sleeper. One that time has passed by wakes late. */
  private jump(): void {
    const sleeper = this.sleepers.shift()
    if (sleeper === undefined) return
    this.now = Math.max(this.now, sleeper.at)
    sleeper.wake()
  }
}
