/**
 * What the programs of the torture do, and what must be true of it, whatever was done to them.
 */
import { expect } from "@effect/vitest"
import { Effect, Exit, type Scope } from "effect"
import { type RetryHook, Stamina } from "effect-stamina"

/** Notes all that a program does. */
export class World {
  /** In order: `opens`, `closes`, `enters`, `leaves` and `beats`, each with a name. */
  readonly log: Array<string> = []
  /** What each hook has heard of each run: a letter for each event, by the names of both. */
  readonly stories = new Map<string, string>()

  readonly note = (what: string): Effect.Effect<void> => Effect.sync(() => void this.log.push(what))

  /** Something that has to be released. */
  readonly resource = (
    name: string,
    closing: Effect.Effect<void> = Effect.void
  ): Effect.Effect<void, never, Scope.Scope> =>
    Effect.acquireRelease(this.note(`opens ${name}`), () => Effect.andThen(closing, this.note(`closes ${name}`)))

  /** A region that must not be left half-way. */
  readonly whole = <A, E, R>(name: string, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.uninterruptible(
      Effect.andThen(this.note(`enters ${name}`), self).pipe(
        Effect.onExit((exit) => Exit.hasInterrupts(exit) ? Effect.void : this.note(`leaves ${name}`))
      )
    )

  /** Goes on until it is stopped. */
  readonly beating = (name: string, every = 7): Effect.Effect<never> =>
    Effect.forever(Effect.andThen(Effect.sleep(every), this.note(`beats ${name}`)))

  /** Fails the first `times`, and is `then` after that. */
  readonly failing = <A, E, R>(
    times: number,
    then: Effect.Effect<A, E, R>,
    failure: Effect.Effect<void, never, R> = Effect.void
  ): Effect.Effect<A, E | Down, R> => {
    let calls = 0
    return Effect.suspend((): Effect.Effect<A, E | Down, R> =>
      ++calls <= times ? Effect.andThen(failure, Effect.fail(new Down(calls))) : then
    )
  }

  /** A hook that notes what it hears, and does something more about it. */
  readonly hook = (name: string, does: RetryHook.RetryHook = {}): RetryHook.RetryHook => {
    const hear = (letter: string, run: string) => {
      const key = `${name} of ${run}`
      this.stories.set(key, `${this.stories.get(key) ?? ""}${letter}`)
    }
    return {
      name,
      onRetryScheduled: (event, fiber) => {
        hear("s", event.name)
        return does.onRetryScheduled?.(event, fiber)
      },
      onRecovered: (event, fiber) => {
        hear("r", event.name)
        return does.onRecovered?.(event, fiber)
      },
      onGaveUp: (event, fiber) => {
        hear(event.reason === "DeadlineExceeded" ? "d" : "g", event.name)
        return does.onGaveUp?.(event, fiber)
      },
      onInterrupted: (event, fiber) => {
        hear("i", event.name)
        return does.onInterrupted?.(event, fiber)
      }
    }
  }

  readonly hooks = (...does: ReadonlyArray<RetryHook.RetryHook>) =>
    Stamina.layerHooks(does.map((one, i) => this.hook(`hook ${i + 1}`, one)))

  /** What an observer sees, but for the name of what ended the program. */
  readonly seen = (): string =>
    JSON.stringify([this.log, [...this.stories].map(([key, story]) => [key, story.replaceAll("d", "i")])])

  /** Whether a run has told of a deadline. */
  readonly hasTold = (): boolean => [...this.stories.values()].some((story) => story.includes("d"))
}

/** An error as light as can be. */
export class Down {
  readonly _tag = "Down"
  readonly n: number
  constructor(n: number) {
    this.n = n
  }
}

/** A story: runs one after the other, each told of a retry and then of one end, or of a give-up without a retry. */
const story = /^(?:s+[rgid]|g)*$/
/** What a schedule can tell: it hears of no success and no interruption. */
const storyOfSchedule = /^(?:s+g?|g)*$/

/** Expects what must be true of each program when it has ended, and a minute later. */
export const expectWhole = ({ log, stories }: World, where: string): void => {
  const count = new Map<string, number>()
  for (const line of log) {
    const [what = "", ...name] = line.split(" ")
    const change = what === "opens" || what === "enters" ? 1 : what === "closes" || what === "leaves" ? -1 : 0
    const key = `${what === "opens" || what === "closes" ? "resource" : "region"} ${name.join(" ")}`
    count.set(key, (count.get(key) ?? 0) + change)
  }
  for (const [key, open] of count) if (open !== 0) expect.fail(`${where}: ${key} is left open: ${log.join(", ")}`)
  for (const [key, told] of stories) {
    if (!(key.endsWith("(schedule)") ? storyOfSchedule : story).test(told)) {
      expect.fail(`${where}: ${key} hears "${told}"`)
    }
  }
}
