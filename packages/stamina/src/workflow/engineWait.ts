/**
 * A wait by the engine's clock that interrupts no attempt beside it.
 *
 * A run that waits for a clock of the engine is interrupted when the clock fires, with every activity that runs in it. So
 * a wait asks the engine to be woken only when nothing else runs, and sleeps in memory until then.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as DurableClock from "effect/workflow/DurableClock"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"

type Instance = WorkflowInstance["Service"]

/** Waits so many milliseconds, longer than 0, under this name. */
export const waitByEngine = (
  name: string,
  millis: number
): Effect.Effect<void, never, WorkflowEngine | WorkflowInstance> =>
  Effect.gen(function*() {
    const engine = yield* WorkflowEngine
    const instance = yield* WorkflowInstance
    const until = (yield* Clock.currentTimeMillis) + millis
    const self: Waiting = { engine, instance, name, millis, until, isSuspended: false }
    yield* Effect.onInterrupt(wait(self), () => wakeAnyway(self))
  })

/** A wait that is under way. */
interface Waiting {
  readonly engine: WorkflowEngine["Service"]
  readonly instance: Instance
  readonly name: string
  readonly millis: number
  /** When it ends, in milliseconds since the epoch. */
  readonly until: number
  /** Whether it has suspended the run itself, and the engine wakes it. */
  isSuspended: boolean
}

/** What is left of it, never more than the whole: the clock may have been set back. */
const left = ({ millis, until }: Waiting): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => Math.min(millis, Math.max(0, until - now)))

const wait = Effect.fnUntraced(function*(self: Waiting) {
  const { instance } = self
  while (true) {
    const isOver = yield* Effect.raceFirst(
      Effect.as(Effect.flatMap(left(self), Effect.sleep), true),
      Effect.as(untilIdle(instance), false)
    )
    if (isOver) return
    const clock = yield* schedule(self, self.name)
    // before the result is read: the engine forgets a clock that fires when nobody is registered
    register(instance, clock)
    if (yield* hasFired(self, clock)) return unregister(instance, clock)
    if (instance.activityState.count === 0) {
      self.isSuspended = true
      return yield* Workflow.suspend(instance)
    }
    // an activity has begun meanwhile
    unregister(instance, clock)
  }
})

/** Waits until no activity runs. As the engine does, it lets a branch go on from one activity to the next. */
const untilIdle = Effect.fnUntraced(function*({ activityState }: Instance) {
  while (true) {
    while (activityState.count > 0) {
      yield* activityState.latch.await
      yield* Effect.yieldNow
    }
    yield* Effect.yieldNow
    if (activityState.count === 0) return
  }
})

/**
 * Makes sure that the engine wakes the run, where another branch has suspended it in the midst of this wait. Where the clock
 * has fired before anybody was registered, another one wakes the run.
 */
const wakeAnyway = (self: Waiting): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { instance } = self
    if (self.isSuspended || !instance.suspended) return Effect.void
    register(instance, clockOf(self.name, 0))
    return Effect.gen(function*() {
      const clock = yield* schedule(self, self.name)
      if (!(yield* hasFired(self, clock))) return
      const again = `${self.name}/again/${yield* Clock.currentTimeMillis}`
      register(instance, clockOf(again, 0))
      yield* schedule(self, again)
    })
  })

const clockOf = (name: string, duration: number) => DurableClock.make({ name, duration })

/** Schedules a clock, unless one of this name is there. */
const schedule = (self: Waiting, name: string): Effect.Effect<DurableClock.DurableClock> =>
  Effect.flatMap(left(self), (left) => {
    const clock = clockOf(name, left)
    const { engine, instance: { executionId, workflow } } = self
    return Effect.as(engine.scheduleClock(workflow, { executionId, clock }), clock)
  })

const hasFired = ({ engine, instance }: Waiting, clock: DurableClock.DurableClock): Effect.Effect<boolean> =>
  engine.deferredResult(clock.deferred).pipe(
    Effect.map(Option.isSome),
    Effect.provideService(WorkflowInstance, instance)
  )

const register = ({ awaitedDeferreds }: Instance, { deferred: { name } }: DurableClock.DurableClock): void => {
  awaitedDeferreds.set(name, (awaitedDeferreds.get(name) ?? 0) + 1)
}

const unregister = ({ awaitedDeferreds }: Instance, { deferred: { name } }: DurableClock.DurableClock): void => {
  const others = (awaitedDeferreds.get(name) ?? 1) - 1
  if (others === 0) awaitedDeferreds.delete(name)
  else awaitedDeferreds.set(name, others)
}
