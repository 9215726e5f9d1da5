/**
 * Programs that retry, each with something in it that an interruption could spoil.
 */
import { Effect, Fiber, Layer, Queue, Schedule, Semaphore, Stream } from "effect"
import { Door, type RetryHook, Stamina, staminaSchedule } from "effect-stamina"
import * as SqlRetry from "effect-stamina/SqlRetry"
import { SqlClient } from "effect/sql"
import { drivers } from "../kit/drivers.ts"
import { FakeDatabase, sqlError } from "../kit/fakeDatabase.ts"
import { Down, type World } from "./world.ts"

export interface Scenario {
  readonly name: string
  /** Whether what is retried may die by itself, where it is interrupted. */
  readonly mayDie?: boolean
  /** Makes the program anew, and what must be true of it in the end; nothing where all is well. */
  readonly make: (world: World) => {
    readonly program: Effect.Effect<unknown, unknown>
    readonly check?: () => string | undefined
  }
}

const options = { on: "Down", attempts: 4, waitInitial: 5, waitMax: 5, waitJitter: 0 } as const
const retry = Stamina.retry({ ...options, name: "run" })
const scheduled = staminaSchedule({ ...options, name: "run (schedule)" })

const done = Effect.succeed("done")
const slowly = Effect.as(Effect.sleep(3), "done")

/** A program that needs no more than to be run. */
const plain = (name: string, program: (world: World) => Effect.Effect<unknown, unknown>): Scenario => ({
  name,
  make: (world) => ({ program: program(world) })
})

/** Runs that recover and that give up, with hooks that do something. */
const hooked = (name: string, ...does: ReadonlyArray<RetryHook.RetryHook>): Scenario =>
  plain(`hooks that ${name}`, (world) =>
    Effect.all([
      Effect.exit(retry(world.failing(1, slowly))),
      Effect.exit(Stamina.retry(world.failing(9, done), { ...options, attempts: 2, name: "lost" }))
    ]).pipe(Effect.provide(world.hooks(...does, {}))))

const every = (does: () => Effect.Effect<void>): RetryHook.RetryHook => ({
  onRetryScheduled: does,
  onRecovered: does,
  onGaveUp: does,
  onInterrupted: does
})

/** A retry behind a door, which is given back each retry that is never made. */
const behind = (
  answers: string,
  ask: (grant: () => Door.Answer) => Door.Answer | Effect.Effect<Door.Answer>,
  isStream = false
): Scenario => ({
  name: `a door that answers ${answers}${isStream ? ", before a stream" : ""}`,
  make: (world) => {
    let heard = ""
    const hear = (letter: string) => () => void (heard += letter)
    const door = Door.make({
      called: hear("c"),
      failed: hear("f"),
      ask: () =>
        ask(() => {
          heard += "a"
          return { _tag: "Granted" }
        }),
      succeeded: hear("s"),
      unused: hear("u")
    })
    const attempt = Effect.andThen(Effect.sync(hear("b")), world.failing(2, slowly, Effect.sleep(2)))
    const behindDoor = { ...options, name: "run", door }
    const program = Effect.provide(
      isStream
        ? Stream.runDrain(Stamina.retryStream(Stream.fromEffect(attempt), behindDoor))
        : Stamina.retry(attempt, behindDoor),
      world.hooks({})
    )
    const check = () => {
      // a retry that was granted begins, or is given back; it may have begun and not come to its first step
      return /^(?:c|cb(?:fab)*(?:|f|fau?|s))?$/.test(heard) ? undefined : `the door hears "${heard}"`
    }
    return { program, check }
  }
})

const dying = Effect.ensuring(Effect.sleep(4), Effect.die("a finalizer"))

export const scenarios: ReadonlyArray<Scenario> = [
  ...drivers.map((driver): Scenario =>
    plain(`attempts that take time, in ${driver.name}`, (world) => {
      const seesEnds = driver.name.startsWith("Stamina.")
      const retried = driver.build(
        driver.name.startsWith("the blocks") ? options : { ...options, name: seesEnds ? "run" : "run (schedule)" },
        Effect.fn(function*() {
          yield* world.note("beats")
          return yield* attempt
        })
      )
      const attempt = world.failing(2, slowly, Effect.sleep(2))
      return retried.pipe(Effect.provide(driver.name.startsWith("the blocks") ? Layer.empty : world.hooks({}, {})))
    })
  ),
  plain(
    "an attempt with a finalizer that takes time",
    (world) =>
      Effect.scoped(Effect.andThen(world.resource("file", Effect.sleep(6)), Effect.fail(new Down(1)))).pipe(
        retry,
        Effect.provide(world.hooks({}))
      )
  ),
  plain(
    "an attempt with a finalizer that takes time, in a schedule",
    (world) =>
      Effect.scoped(Effect.andThen(world.resource("file", Effect.sleep(6)), Effect.fail(new Down(1)))).pipe(
        Effect.retry(scheduled),
        Effect.provide(world.hooks({}))
      )
  ),
  plain(
    "an attempt with a finalizer that yields",
    (world) =>
      world.failing(2, slowly, Effect.ensuring(Effect.sleep(2), Effect.yieldNow)).pipe(
        retry,
        Effect.provide(world.hooks({}))
      )
  ),
  plain("an acquisition that is retried", (world) =>
    Effect.scoped(
      Effect.andThen(
        Effect.acquireRelease(
          retry(world.failing(2, Effect.andThen(slowly, world.note("opens handle")))),
          () => Effect.andThen(Effect.sleep(3), world.note("closes handle"))
        ),
        Effect.sleep(4)
      )
    ).pipe(Effect.provide(world.hooks({})))),
  plain("an acquisition that is retried by a schedule", (world) =>
    Effect.scoped(
      Effect.andThen(
        Effect.acquireRelease(
          Effect.retry(world.failing(2, Effect.andThen(slowly, world.note("opens handle"))), scheduled),
          () => world.note("closes handle")
        ),
        Effect.sleep(4)
      )
    )),
  plain(
    "a retry in an uninterruptible region",
    (world) =>
      world.whole("transfer", retry(world.failing(1, slowly, Effect.sleep(2)))).pipe(Effect.provide(world.hooks({})))
  ),
  plain(
    "an uninterruptible region in each attempt",
    (world) =>
      retry(world.failing(2, world.whole("debit and credit", slowly), world.whole("debit", Effect.sleep(2)))).pipe(
        Effect.provide(world.hooks({}))
      )
  ),
  plain(
    "attempts that can be interrupted, in a region that cannot",
    (world) =>
      Effect.uninterruptibleMask((restore) => retry(world.failing(2, restore(slowly), restore(Effect.sleep(2))))).pipe(
        Effect.provide(world.hooks({}, every(() => Effect.sleep(1))))
      )
  ),
  plain("siblings, of which one cannot be interrupted", (world) =>
    Effect.all([
      retry(world.failing(1, world.whole("stubborn", Effect.sleep(15)))),
      Stamina.retry(world.failing(2, slowly), { ...options, name: "sibling" }),
      Effect.raceFirst(world.beating("beside"), Effect.sleep(20))
    ], { concurrency: 3 }).pipe(Effect.provide(world.hooks({})))),
  plain("a heartbeat that an attempt forks", (world) =>
    Effect.andThen(
      retry(world.failing(1, Effect.forkChild(world.beating("heart")))),
      Effect.sleep(20)
    ).pipe(Effect.provide(world.hooks({})))),
  plain("a heartbeat that an attempt forks into a scope around", (world) =>
    Effect.scoped(Effect.andThen(
      retry(world.failing(1, Effect.andThen(world.resource("scope"), Effect.forkScoped(world.beating("heart"))))),
      Effect.sleep(20)
    )).pipe(Effect.provide(world.hooks({})))),
  plain(
    "an attempt that forks and joins",
    (world) =>
      retry(Effect.flatMap(Effect.forkChild(world.failing(1, done, Effect.sleep(2))), Fiber.join)).pipe(
        Effect.provide(world.hooks({}))
      )
  ),
  plain(
    "a retry in a retry",
    (world) =>
      Stamina.retry(retry(world.failing(5, slowly)), { ...options, name: "outer", attempts: 3 }).pipe(
        Effect.provide(world.hooks({}))
      )
  ),
  plain("a retry in a retry, once", (world) => {
    const inner = Effect.retry(world.failing(9, done), scheduled)
    return Stamina.retry(inner, { ...options, name: "outer", nested: "once" }).pipe(Effect.provide(world.hooks({}, {})))
  }),
  plain(
    "a deadline in each attempt",
    (world) =>
      Effect.scoped(Effect.andThen(world.resource("file", Effect.sleep(2)), Effect.sleep(9))).pipe(
        Stamina.withDeadline(4),
        Stamina.retry({ ...options, on: "DeadlineExceeded", attempts: 3, name: "outer" }),
        Effect.provide(world.hooks({}))
      )
  ),
  plain("a deadline inside, which passes first", (world) =>
    retry(world.failing(2, Effect.sleep(30))).pipe(
      Stamina.withDeadline(25),
      Effect.catchTag("DeadlineExceeded", () => world.note("beats on")),
      Effect.provide(world.hooks({}))
    )),
  plain(
    "attempts that take too long",
    (world) =>
      world.failing(0, Effect.scoped(Effect.andThen(world.resource("file", Effect.sleep(2)), Effect.sleep(9)))).pipe(
        Stamina.retry({ ...options, attempts: 3, attemptTimeout: 4, name: "run" }),
        Effect.provide(world.hooks({}))
      )
  ),
  plain(
    "attempts in spans, that know their number",
    (world) =>
      Stamina.retryContext(
        { ...options, name: "run", spans: true },
        ({ num }) => Effect.andThen(Effect.sleep(2), num < 3 ? Effect.fail(new Down(num)) : done)
      ).pipe(
        Effect.provide(world.hooks({}))
      )
  ),
  plain("a race of retries", (world) =>
    Effect.race(
      retry(world.failing(2, Effect.as(Effect.scoped(Effect.andThen(world.resource("a"), Effect.sleep(9))), 1))),
      Stamina.retry(world.failing(1, Effect.as(Effect.scoped(Effect.andThen(world.resource("b"), slowly)), 2)), {
        ...options,
        name: "other"
      })
    ).pipe(Effect.provide(world.hooks({}, {})))),
  plain("a fallback after a retry", (world) =>
    retry(world.failing(9, done)).pipe(
      Effect.catchTag("Down", () => Effect.scoped(Effect.andThen(world.resource("cache"), slowly))),
      Effect.provide(world.hooks({}))
    )),
  {
    name: "permits that attempts take",
    make: (world) => {
      const semaphore = Semaphore.makeUnsafe(1)
      const program = Effect.all(
        ["first", "second"].map((name) =>
          Stamina.retry(semaphore.withPermits(1)(world.failing(1, slowly, Effect.sleep(2))), { ...options, name })
        ),
        { concurrency: 2 }
      ).pipe(Effect.provide(world.hooks({})))
      const isFree = Effect.map(semaphore.withPermitsIfAvailable(1)(Effect.void), (taken) => taken._tag === "Some")
      return { program, check: () => Effect.runSync(isFree) ? undefined : "a permit is lost" }
    }
  },
  plain(
    "a stream that is restarted",
    (world) =>
      Stream.scoped(Stream.fromEffect(Effect.as(world.resource("feed", Effect.sleep(2)), 1))).pipe(
        Stream.concat(Stream.fromEffect(world.failing(2, slowly, Effect.sleep(2)))),
        Stamina.retryStream({ ...options, name: "stream" }),
        Stream.runForEach(() => Effect.andThen(Effect.sleep(1), world.note("beats"))),
        Effect.provide(world.hooks({}, {}))
      )
  ),
  behind("at once", (grant) => grant()),
  behind("at once", (grant) => grant(), true),
  behind("later", (grant) => Effect.map(Effect.sleep(2), grant)),
  behind("later", (grant) => Effect.map(Effect.sleep(2), grant), true),
  plain(
    "runs that begin afresh after a healthy attempt",
    (world) =>
      Stamina.retry(world.failing(3, slowly, Effect.sleep(9)), { ...options, name: "run", attempts: 2, resetAfter: 8 })
        .pipe(Effect.provide(world.hooks({}, every(() => Effect.sleep(1)))))
  ),
  plain("a stream that gives up, and one that its consumer leaves", (world) =>
    Effect.all([
      Effect.exit(Stream.runDrain(Stamina.retryStream(Stream.fail(new Down(1)), { ...options, name: "lost" }))),
      Stream.make(1, 2, 3).pipe(
        Stream.concat(Stream.fail(new Down(1))),
        Stamina.retryStream({ ...options, name: "left" }),
        Stream.take(4),
        Stream.runDrain
      )
    ]).pipe(Effect.provide(world.hooks({})))),
  plain(
    "a stream beside another, whose elements are retried for themselves",
    (world) =>
      Stream.fromEffect(world.failing(1, slowly)).pipe(
        Stamina.retryStream({ ...options, name: "stream" }),
        Stream.merge(Stream.fromEffect(Effect.sleep(4))),
        Stream.mapEffect(() => retry(world.failing(1, world.whole("element", Effect.sleep(1))))),
        Stream.runDrain,
        Effect.provide(world.hooks({}))
      )
  ),
  plain("a worker that reads a queue", (world) =>
    Effect.gen(function*() {
      const queue = yield* Queue.unbounded<number>()
      const worker = yield* Effect.forkChild(Effect.forever(
        Effect.flatMap(Queue.take(queue), () => retry(world.failing(1, world.whole("message", Effect.sleep(2)))))
      ))
      yield* Queue.offerAll(queue, [1, 2])
      yield* Effect.sleep(25)
      yield* Fiber.interrupt(worker)
    }).pipe(Effect.provide(world.hooks({})))),
  {
    name: "a transaction with a rollback that takes time",
    make: (world) => {
      const database = new FakeDatabase(
        { to: "WORK", takes: 2, error: sqlError("SerializationError", "40001") },
        { to: "ROLLBACK", takes: 20 },
        { to: "WORK", takes: 2 },
        { to: "COMMIT", takes: 3 }
      )
      const program = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`WORK`).pipe(
        SqlRetry.transaction({ ...sqlOptions, name: "transaction" }),
        Effect.provide([database.layer, world.hooks({})])
      )
      return { program, check: () => leftOpen(database) }
    }
  },
  {
    name: "a transaction with a savepoint, on a connection that breaks",
    // Effect makes a defect of a rollback that fails
    mayDie: true,
    make: (world) => {
      const database = new FakeDatabase(
        { to: "WORK", takes: 2, error: sqlError("ConnectionError", "ECONNRESET"), closes: true },
        { to: "WORK", takes: 2 }
      )
      const work = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`WORK`)
      const program = work.pipe(
        SqlRetry.transaction({ ...sqlOptions, name: "savepoint" }),
        SqlRetry.transaction({ ...sqlOptions, name: "transaction" }),
        Effect.provide([database.layer, world.hooks({})])
      )
      return { program, check: () => database.open === 0 ? undefined : "a connection is lost" }
    }
  },
  hooked("take time", every(() => Effect.sleep(3)), every(() => Effect.yieldNow)),
  hooked("die", every(() => Effect.die("hook")), every(() => Effect.andThen(Effect.sleep(2), Effect.die("hook")))),
  hooked("throw", {
    onRetryScheduled: () => {
      throw new Error("hook")
    },
    onGaveUp: () => {
      throw new Error("hook")
    }
  }),
  hooked("die in their finalizers", every(() => dying)),
  hooked("never end", every(() => Effect.never)),
  hooked("cannot be interrupted", every(() => Effect.uninterruptible(Effect.sleep(6)))),
  hooked("never end and cannot be interrupted", every(() => Effect.uninterruptible(Effect.never))),
  plain(
    "a hook that holds something in each wait",
    (world) =>
      retry(world.failing(2, slowly)).pipe(Effect.provide(world.hooks({
        onRetryScheduled: ({ retryNum }) => world.resource(`of wait ${retryNum}`, Effect.sleep(2))
      })))
  ),
  plain(
    "a hook that holds something in each wait of a schedule",
    (world) =>
      Effect.retry(world.failing(2, slowly), scheduled).pipe(Effect.provide(world.hooks({
        onRetryScheduled: ({ retryNum }) => world.resource(`of wait ${retryNum}`, Effect.sleep(2))
      })))
  ),
  plain("a hook that retries", (world) =>
    retry(world.failing(1, slowly)).pipe(Effect.provide(world.hooks({
      onRetryScheduled: () =>
        Effect.ignore(Stamina.retry(world.failing(1, done), { ...options, name: "hook's" })).pipe(
          Effect.provide(Stamina.layerHooks([]))
        )
    })))),
  plain(
    "Effect's own retry around",
    (world) =>
      Stamina.retry(world.failing(3, slowly), { ...options, attempts: 2, name: "run" }).pipe(
        Effect.retry(Schedule.recurs(2)),
        Effect.provide(world.hooks({}))
      )
  )
]

const sqlOptions = { attempts: 4, waitInitial: 5, waitMax: 5, waitJitter: 0 } as const

/** Whether a connection is still out, or a transaction on one that was never ended. */
const leftOpen = ({ open, sent }: FakeDatabase): string | undefined => {
  if (open > 0) return "a connection is lost"
  const begun = sent.filter((line) => line.endsWith(" BEGIN"))
  const ended = sent.filter((line) => line.endsWith(" COMMIT") || line.endsWith(" ROLLBACK"))
  return begun.length === ended.length ? undefined : `a transaction is left open: ${sent.join(", ")}`
}
