/**
 * A wait by the engine's clock that interrupts no attempt beside it.
 *
 * A run that waits for a clock of the engine is interrupted when the clock fires, with every activity that runs in it. So
 * a wait asks the engine to be woken only when nothing else runs, and sleeps in memory until then.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
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
    const answer = yield* Effect.catchDefect(askToBeWoken(self), () => Effect.succeed("no storage"))
    if (answer === "scheduled" && instance.activityState.count === 0) {
      self.isSuspended = true
      return yield* Workflow.suspend(instance)
    }
    // it is over, an activity has begun meanwhile, or nobody would wake the run
    unregister(self)
    if (answer === "fired") return
    if (answer === "no storage") yield* Effect.flatMap(left(self), (left) => Effect.sleep(Math.min(left, pause)))
  }
})

/** Between two attempts to reach the storage, in milliseconds. */
const pause = 1000

/** Registers the run before it reads: the engine forgets a clock that fires when nobody is registered. */
const askToBeWoken = Effect.fnUntraced(function*(self: Waiting) {
  register(self, self.name)
  const clock = yield* schedule(self, self.name)
  return (yield* hasFired(self, clock)) ? "fired" : "scheduled"
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
 * Makes sure that the engine wakes the run, where another branch has suspended it in the midst of this wait. If the clock
 * fired before the run was registered, another one wakes the run.
 */
const wakeAnyway = (self: Waiting): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (self.isSuspended) return Effect.void
    // the branch is given up, and the run goes on: its clock must interrupt nobody
    if (!self.instance.suspended) return Effect.sync(() => unregister(self))
    return askToBeWoken(self).pipe(
      Effect.flatMap((answer) => answer === "fired" ? wakeAgain(self) : Effect.void),
      patiently
    )
  })

const wakeAgain = (self: Waiting) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const name = `${self.name}/again/${now}`
    register(self, name)
    return schedule(self, name)
  })

/** Repeats what the storage fails with: a run that is suspended and not woken is lost. */
const patiently = <A>(effect: Effect.Effect<A>): Effect.Effect<void> =>
  effect.pipe(
    Effect.sandbox,
    Effect.retry({ times: 5, schedule: Schedule.exponential(250) }),
    Effect.catch(Effect.failCause),
    Effect.asVoid
  )

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

/** Registers the run for a clock: its name is known to this wait alone. */
const register = ({ instance }: Waiting, name: string): void => {
  instance.awaitedDeferreds.set(clockOf(name, 0).deferred.name, 1)
}

const unregister = ({ instance, name }: Waiting): void => {
  instance.awaitedDeferreds.delete(clockOf(name, 0).deferred.name)
}
