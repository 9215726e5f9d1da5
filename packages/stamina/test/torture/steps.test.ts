/**
 * An interruption, and a deadline, before every single step of programs that retry. Whatever the step: what was acquired is
 * released, what must not be left half-way is whole, nothing goes on that was inside, each hook hears a whole story, and
 * nothing hangs. With `Effect.timeout` in place of `withDeadline` an observer sees the very same, but for the error.
 */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Option } from "effect"
import { Stamina } from "effect-stamina"
import { unlogged } from "../kit/unlogged.ts"
import { type Scenario, scenarios } from "./scenarios.ts"
import { type Blow, type Pace, pass } from "./stepping.ts"
import { expectWhole, World } from "./world.ts"

/** Longer than any program here takes: it passes when time leaps. */
const limit = 10_000_000

/** How often each was tried. */
const tried = { interruptions: 0, deadlines: 0 }

const errorOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined

/** How a program ended, where the one that limits its time has no name. */
const endOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const error = errorOf(exit)
  if (error instanceof Cause.TimeoutError || isOurs(error)) return "over"
  return exit.cause.reasons.map(({ _tag }) => _tag).join(", ")
}

/** Whether it is the deadline around that has passed, not one inside. */
const isOurs = (error: unknown): error is Stamina.DeadlineExceeded =>
  error instanceof Stamina.DeadlineExceeded && Duration.toMillis(error.limit) === limit

/** Runs a program of a scenario with a blow, and checks what must be true of every one. */
const strike = (
  { make, mayDie = false, name }: Scenario,
  around: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, unknown>,
  blow: Blow,
  pace: Pace
) => {
  const world = new World()
  const { check, program } = make(world)
  let seen = ""
  const passage = pass(unlogged(around(program)), blow, pace, () => seen = world.seen())
  const { exit } = passage
  const where = blow.what === "nothing" ? name : `${name}, ${blow.what} before step ${blow.step} (${pace})`
  if (exit === undefined) return expect.fail(`${where}: it hangs, after ${world.log.join(", ")}`)
  if (world.seen() !== seen) expect.fail(`${where}: it goes on after its end, ${seen} and then ${world.seen()}`)
  expectWhole(world, where)
  const wrong = check?.()
  if (wrong !== undefined) expect.fail(`${where}: ${wrong}`)
  if (!mayDie && Exit.hasDies(exit)) {
    expect.fail(`${where}: it ends with ${Cause.pretty(Exit.isFailure(exit) ? exit.cause : Cause.empty)}`)
  }
  return { ...passage, exit, world, where, seen: `${endOf(exit)} at ${passage.endedAt}: ${seen}` }
}

const limited = {
  withDeadline: <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, unknown> => Stamina.withDeadline(self, limit),
  timeout: <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, unknown> => Effect.timeout(self, limit),
  none: <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, unknown> => self
}

/** All that an observer can see when a blow comes before each step in turn. */
const atEachStep = (
  scenario: Scenario,
  around: keyof typeof limited,
  blow: (step: number) => Blow,
  each: (struck: ReturnType<typeof strike>) => unknown = () => undefined
): ReadonlySet<string> => {
  const seen = new Set<string>()
  for (const pace of ["turns", "runs"] as const) {
    const { steps } = strike(scenario, limited[around], { what: "nothing" }, pace)
    for (let step = 0; step < steps; step++) {
      const passage = strike(scenario, limited[around], blow(step), pace)
      if (!passage.struck) continue
      each(passage)
      seen.add(passage.seen)
    }
  }
  return seen
}

describe.each(scenarios)("$name", (scenario) => {
  it("is whole where it is interrupted before any step", () => {
    const count = () => void tried.interruptions++
    atEachStep(scenario, "none", (step) => ({ what: "interrupt", step }), count)
    const inDeadline = atEachStep(scenario, "withDeadline", (step) => ({ what: "interrupt", step }), count)
    const inTimeout = atEachStep(scenario, "timeout", (step) => ({ what: "interrupt", step }))
    expect([...inDeadline].toSorted()).toEqual([...inTimeout].toSorted())
  })

  it("is whole where a deadline passes before any step, and is seen to end as by Effect.timeout", () => {
    const wake = (step: number): Blow => ({ what: "wake", step, millis: limit })
    const hasDeadlineInside = strike(scenario, limited.none, { what: "nothing" }, "turns").world.hasTold()
    const seen = atEachStep(scenario, "withDeadline", wake, ({ exit, where, world }) => {
      tried.deadlines++
      const error = errorOf(exit)
      if (hasDeadlineInside || !isOurs(error)) return
      // a run that told of the deadline can be found in the error
      if (world.hasTold() && error.cause === undefined) expect.fail(`${where}: the error has no cause`)
      const report = Stamina.report(error)
      if ((error.cause === undefined) !== Option.isNone(report)) expect.fail(`${where}: the report is missing`)
      // a run that had given up by itself, and only waited for its hooks, keeps its own reason
      if (Option.isSome(report)) expect(["DeadlineExceeded", "AttemptsExhausted"]).toContain(report.value.reason)
    })
    expect([...seen].toSorted()).toEqual([...atEachStep(scenario, "timeout", wake)].toSorted())
  })

  it.each([1, 4, 12])("is whole where it is interrupted while a deadline passes, %d steps later", (later) => {
    const both = (step: number): Blow => ({ what: "wake, then interrupt", step, later, millis: limit })
    const seen = atEachStep(scenario, "withDeadline", both, () => [tried.deadlines++, tried.interruptions++])
    expect(seen.size).toBeGreaterThan(1)
  })

  it("is whole where time leaps past the deadline before any step", () => {
    const leap = (step: number): Blow => ({ what: "leap", step, millis: limit })
    const seen = atEachStep(scenario, "withDeadline", leap, () => tried.deadlines++)
    expect(seen.size).toBeGreaterThan(1)
  })
})

describe("all these programs together", () => {
  it("were interrupted thirty thousand times, and had as many deadlines", () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(30)
    expect(tried.interruptions).toBeGreaterThanOrEqual(30_000)
    expect(tried.deadlines).toBeGreaterThanOrEqual(30_000)
  })
})
