/**
 * Where calls are made: with which services, and what ends them from outside.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as ManagedRuntime from "effect/ManagedRuntime"

/** The services of calls. */
export interface Services {
  /** An ended fiber that carries the services: a call needs no fiber of its own to read them. */
  readonly rested: Fiber.Fiber<unknown, unknown>
  /** Whether the clock is that of the process: its waits then need no fiber either. */
  readonly hasOwnClock: boolean
  /** Starts a fiber at once. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, unknown>
  /** The runtime that the calls end with, if there is one. */
  readonly runtime: Lifetime | undefined
}

/** The services of a place: at once if they are there, else when they have been built. */
export type Place = () => Services | Promise<Services>

const servicesOf = (context: Context.Context<never>, runtime?: Lifetime): Services => {
  const rested = Effect.runFork(Effect.void)
  rested.setContext(context)
  const hasOwnClock = Context.get(context, Clock.Clock) === Context.get(Context.empty(), Clock.Clock)
  return { rested, hasOwnClock, fork: Effect.runForkWith(context), runtime }
}

/** The default services of the process. */
export const anywhere = (): Services => process ??= servicesOf(Context.empty())

let process: Services | undefined

/** The services of a context. */
export const ofContext = (context: Context.Context<never>): Place => {
  const services = servicesOf(context)
  return () => services
}

/** The services of a runtime, with which calls end. */
export const ofRuntime = <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>): Place => {
  let services: Services | undefined
  return () =>
    services ?? runtime.context().then((context) =>
      // what calls need of it are references, which have defaults
      services ??= servicesOf(context as Context.Context<never>, new Lifetime(runtime))
    )
}

/** What ends with a runtime. */
export interface Mortal {
  /** Ends it, and gives back the fiber that does what remains. */
  endWithRuntime(): Fiber.Fiber<unknown, unknown> | undefined
}

/** The time that a runtime lives: one fiber of it waits for its end, on behalf of all calls. */
export class Lifetime {
  private readonly calls = new Set<Mortal>()
  private readonly keeper: Fiber.Fiber<unknown, unknown>

  constructor(runtime: ManagedRuntime.ManagedRuntime<never, unknown>) {
    const endAll = (): Effect.Effect<void> => {
      const remaining = Array.from(this.calls, (call) => call.endWithRuntime())
      return remaining.reduce<Effect.Effect<void>>(
        (all, fiber) => fiber === undefined ? all : Effect.andThen(all, Effect.asVoid(Fiber.await(fiber))),
        Effect.void
      )
    }
    this.keeper = runtime.runFork(Effect.onInterrupt(Effect.never, () => Effect.suspend(endAll)))
  }

  get isOver(): boolean {
    return this.keeper.pollUnsafe() !== undefined
  }

  enter(call: Mortal): void {
    this.calls.add(call)
  }

  leave(call: Mortal): void {
    this.calls.delete(call)
  }
}
