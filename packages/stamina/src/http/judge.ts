/**
 * Which outcomes of a call are retried, for Effect's client and for `fetch`.
 */
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import type { Settings } from "../drive/settings.ts"
import { logLine } from "../tools/logLine.ts"
import { toVerdict } from "../verdict/forms.ts"
import { mistake, threw } from "../verdict/mistakes.ts"
import type { Hint, Verdict } from "../verdict/model.ts"
import type { Answer } from "../verdict/RetryOn.ts"
import * as hints from "./hints.ts"
import type { Refusal } from "./idempotency.ts"
import type { HttpSettings } from "./options.ts"
import { pathOf, placeOf, type Target } from "./place.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What came of an attempt, as far as it decides. */
export interface Outcome {
  /** The response, also if an error holds it. */
  readonly response: { readonly status: number; readonly headers: hints.Headers } | undefined
  readonly error: unknown
  /** Whether it is retried by default, if the request may be sent twice. */
  readonly isDue: boolean
  /** Whether the fault shows that the request was surely not processed. */
  readonly isUnprocessed?: boolean | undefined
}

/** An outcome that was looked at. */
export interface Seen {
  readonly outcome: Outcome
  /** How long to wait, if it is retried. */
  readonly asked: true | number | Hint
  /** What happens by default. */
  readonly byDefault: false | true | number | Hint
  readonly ignored: ReadonlyArray<hints.IgnoredHint>
}

/** The judge of one call. */
export class Judge {
  readonly name: string
  private readonly caller: string
  private readonly http: HttpSettings<unknown, never>
  private readonly target: Target
  private readonly budget: RetryBudget | undefined
  private readonly refusal: (isUnprocessed: boolean) => Refusal | undefined
  /** The verdict on the last attempt, if it is not retried only because its request must not be sent again. */
  private unsent: Exclude<Verdict, false> | undefined = undefined

  /** `refusal`: why the request must not be sent again, if it must not. */
  constructor(
    caller: string,
    http: HttpSettings<unknown, never>,
    target: Target,
    budget: RetryBudget | undefined,
    refusal: (isUnprocessed: boolean) => Refusal | undefined
  ) {
    this.caller = caller
    this.http = http
    this.target = target
    this.budget = budget
    this.refusal = refusal
    const { host } = placeOf(target)
    // paths and parameters hold identifiers and secrets
    this.name = http.settings.name ?? (host === "" ? target.method : `${target.method} ${host}`)
  }

  /** The settings of the call's run. */
  settings(judge: Settings["judge"]): Settings {
    const { budget, http: { settings }, name, target } = this
    const { door } = settings
    return {
      ...settings,
      name,
      door: budget === undefined || door === undefined ? budget ?? door : budget.both(door, budget),
      about: budget === undefined ? undefined : pathOf(target),
      isExplained: () => this.unsent !== undefined,
      unsent: () => this.unsent,
      judge
    }
  }

  /** Judges an outcome. `override`: the user's word, handed what happens by default. */
  judge(outcome: Outcome, fiber: AnyFiber, override?: (byDefault: Answer) => Answer | undefined): Verdict {
    if (override === undefined) return outcome.isDue ? this.decide(this.look(outcome, fiber), undefined, fiber) : false
    const seen = this.look(outcome, fiber)
    return this.decide(seen, this.asking(outcome.error, () => override(seen.byDefault)), fiber)
  }

  /** Reads what an outcome asks for. */
  look(outcome: Outcome, fiber: AnyFiber): Seen {
    const { isDue, response } = outcome
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    const { hint, ignored } = response === undefined ? nothing : hints.read(response.headers, response.status, now)
    const asked = hints.ofHint(hint, this.http.maxHint)
    return { outcome, asked, byDefault: isDue && asked, ignored }
  }

  /** The verdict on an outcome that was looked at. `said`: the user's word on it. */
  decide({ asked, byDefault, ignored, outcome }: Seen, said: Answer | undefined, fiber: AnyFiber): Verdict {
    const verdict = said === undefined
      ? byDefault
      : said === true
      ? asked
      : toVerdict(this.caller, said, outcome.error, "classify")
    if (verdict === false) return false
    for (const { header, value } of ignored) this.log(fiber, "Debug", "stamina.hint_ignored", { header, value })
    const { isUnprocessed = false, response } = outcome
    const isSafe = isUnprocessed || (response !== undefined && this.http.notProcessed.has(response.status))
    const refusal = this.refusal(isSafe)
    if (refusal === undefined) return verdict
    const { expected, why } = refusal
    // the run takes it for a call that is none of its business, but the server has failed, and may have asked to wait
    this.unsent = verdict
    this.log(fiber, expected ? "Debug" : "Warn", "stamina.not_retried", { why })
    return false
  }

  /** Asks the user, and leads from what that throws to the error that it was about. */
  asking<A>(about: unknown, ask: () => A): A {
    try {
      return ask()
    } catch (thrown) {
      throw this.mistake(thrown, about)
    }
  }

  mistake(thrown: unknown, about: unknown): unknown {
    return mistake(thrown, about, threw(this.caller, "classify", thrown))
  }

  private log(fiber: AnyFiber, level: "Debug" | "Warn", message: string, annotations: Record<string, string>): void {
    const labels = { callable: this.name }
    logLine(fiber, { level, message, labels }, { annotations: () => ({ ...labels, ...annotations }) })
  }
}

const nothing: hints.Reading = { hint: undefined, ignored: [] }
