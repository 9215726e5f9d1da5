/**
 * The loop once more, for attempts that are promises. `drive/loop.ts` draws it, and `drive/steps.ts` has its steps.
 *
 * It is an async function that awaits each attempt, called by async functions only, so the stack of an error shows its
 * caller. A fiber would cut the stack off; in Bun, `then` and `new Promise` do so as well. If something else may end an
 * attempt, `Promise.race` awaits both: all engines look through it.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { LiveRun } from "../drive/liveRun.ts"
import * as steps from "../drive/steps.ts"
import { isOver } from "../run/run.ts"
import type { Call } from "./call.ts"
import { rejectionOf } from "./rejection.ts"

/** A first attempt that has failed already. */
export interface Failure {
  readonly error: unknown
}

/**
 * Makes the attempts of a call. Many calls wait at a time, and each holds a frame for each async function that awaits
 * another. That is why the steps between two attempts stand here as well.
 */
export const loop = async <T>(call: Call<T>, first?: Failure): Promise<T> => {
  try {
    for (;;) {
      let value: T
      try {
        if (first !== undefined) throw first.error
        value = await call.attempt()
      } catch (error) {
        first = undefined
        const run = call.attemptFailed(error)
        const restarted = steps.restartIfHealthy(run)
        if (restarted !== undefined) await call.perform(restarted)
        const cause = steps.decideFailure(run, Cause.fail(error))
        if (isOver(run)) return await giveUp(call, run, cause)
        const notified = steps.notifyScheduled(run)
        call.goOn()
        if (notified !== undefined || run.settings.spans) await waitInFiber(call, run, notified)
        else {
          await call.sleep(run)
          call.goOn()
          const asked = steps.askDoor(run)
          if (asked !== undefined) await call.perform(asked)
        }
        call.goOn()
        if (isOver(run)) return await giveUp(call, run, steps.lastCause(run))
        steps.beginAttempt(run)
        continue
      }
      await succeeded(call, value)
      return value
    }
  } finally {
    call.close()
  }
}

/** For hooks that take their time, and for the span of the wait. Few hooks acquire anything that is released after it. */
const waitInFiber = async (
  call: Call<unknown>,
  run: LiveRun,
  notified: Effect.Effect<void, never, Scope.Scope> | undefined
): Promise<void> => {
  const scope = Scope.makeUnsafe()
  if (notified !== undefined) {
    await call.perform(steps.closing(scope, Scope.provide(notified, scope), Exit.isFailure))
  }
  if (run.settings.spans || scope.state._tag !== "Empty") {
    call.beforeWait()
    return call.perform(steps.closing(scope, steps.sleepAndAsk(run, undefined)))
  }
  await call.sleep(run)
  call.goOn()
  const asked = steps.askDoor(run)
  if (asked !== undefined) await call.perform(asked)
}

/** Notifies the hooks, and throws what comes out. */
const giveUp = async (call: Call<unknown>, run: LiveRun, cause: Cause.Cause<unknown>): Promise<never> => {
  const ended = steps.giveUp(run, Exit.failCause(cause))
  call.goOn()
  // it fails with what comes out
  if (!Exit.isExit(ended)) await call.perform(ended)
  throw rejectionOf(cause, run)
}

/** Notifies the hooks if it was a retry that has succeeded. */
const succeeded = async (call: Call<unknown>, value: unknown): Promise<void> => {
  const { run } = call
  call.attemptEnded(Exit.succeed(value))
  call.goOn()
  if (run === undefined) return call.firstSucceeded()
  if (run.attempt === 1) return steps.succeeded(run)
  const notified = steps.recover(run)
  call.goOn()
  if (notified !== undefined) await call.perform(notified)
}
