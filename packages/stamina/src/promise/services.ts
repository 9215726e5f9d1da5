/**
 * Where calls are made: with which services, and in which fibers.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as ManagedRuntime from "effect/ManagedRuntime"

/** The services of calls. */
export interface Services {
  /**
   * A fiber that has ended and has the services: for a call that has not failed and so needs no fiber of its own, but whose
   * clock and budget are those of one.
   */
  readonly rested: Fiber.Fiber<unknown, unknown>
  /** Starts a fiber at once. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, unknown>
  /** Whether these fibers end with something else than themselves. */
  readonly areManaged: boolean
}

/** The services of a place: at once where they are there, else when they have been built. */
export type Place = () => Services | Promise<Services>

const servicesOf = (context: Context.Context<never>, fork: Services["fork"], areManaged = false): Services => {
  const rested = Effect.runFork(Effect.void)
  rested.setContext(context)
  return { rested, fork, areManaged }
}

/** The default services of the process. */
export const anywhere: Place = () => process ??= servicesOf(Context.empty(), Effect.runFork)

let process: Services | undefined

/** The services of a context. */
export const ofContext = (context: Context.Context<never>): Place => {
  const services = servicesOf(context, Effect.runForkWith(context))
  return () => services
}

/** The services of a runtime, whose fibers end with it. */
export const ofRuntime = <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>): Place => {
  let services: Services | undefined
  return () =>
    services ?? runtime.context().then((context) =>
      // what calls need of it are references, which have defaults
      services ??= servicesOf(context as Context.Context<never>, runtime.runFork, true)
    )
}
