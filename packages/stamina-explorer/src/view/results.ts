/**
 * Everything that is shown of the policies, from what is known at once to what the worker has found.
 */
import type { Fix, Rule } from "effect-stamina-lab/RetryLint"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import { policyFields } from "../model/fields.ts"
import type { Known, Page } from "../model/page.ts"
import { encode, textOf } from "../model/policy.ts"
import type { Outcome } from "../work/job.ts"
import { Columns } from "./columns.ts"
import { Ends, spanOf } from "./ends.ts"
import { Findings } from "./findings.ts"
import { Herd, mostOf } from "./herd.ts"
import { Readout } from "./readout.ts"
import { Renderings } from "./renderings.ts"
import { Survival } from "./survival.ts"
import { longestOf, Waits } from "./waits.ts"

export interface ResultsActions {
  readonly fix: (index: number, fix: Fix, text: string) => void
  readonly ignore: (rule: Rule) => void
  readonly said: (what: string) => void
}

export class Results {
  readonly readouts = new Columns("sentence", "In a sentence", "", () => new Readout())
  readonly findings = new Columns(
    "findings",
    "Findings",
    "What the linter has to say, without running anything.",
    () => new Findings()
  )
  readonly waits = new Columns(
    "waits",
    "Waits",
    "Solid: the shortest wait. Pale: what chance may add.",
    () => new Waits()
  )
  readonly ends = new Columns(
    "ends",
    "When it gives up",
    "Where every attempt fails: how long a run takes until it ends.",
    () => new Ends()
  )
  readonly survival = new Survival()
  readonly herds = new Columns(
    "herd",
    "A herd and its server",
    "Many clients with this policy, and one server that is in trouble. Jitter spreads the retries; a budget stops them while nothing succeeds, and calls fail sooner.",
    () => new Herd()
  )
  readonly renderings: Columns<Renderings>
  private readonly actions: ResultsActions

  constructor(actions: ResultsActions) {
    this.actions = actions
    this.renderings = new Columns(
      "take",
      "To take away",
      "The same policy, ready to be pasted.",
      () => new Renderings(actions.said)
    )
  }

  /** What is known at once. */
  show({ policies }: Page): void {
    const known = policies.map((policy) => Result.isSuccess(policy) ? policy.success : undefined)
    const longest = Math.max(0, ...known.map((policy) => longestOf(policy?.used?.retries ?? [])))
    const count = policies.length
    this.readouts.of(count).forEach((view, i) => {
      const policy = policies[i]
      if (policy !== undefined) view.show(policy)
    })
    this.findings.of(count).forEach((view, i) => {
      const policy = known[i]
      view.show(policy?.used?.findings, (fix) => policy === undefined ? "" : fixText(policy, fix), {
        fix: (fix, text) => this.actions.fix(i, fix, text),
        ignore: this.actions.ignore
      })
    })
    this.waits.of(count).forEach((view, i) =>
      view.show(known[i]?.used?.retries, known[i]?.used?.hasMore ?? false, longest)
    )
    this.renderings.element.hidden = known.every((policy) => policy === undefined)
    this.renderings.of(count).forEach((view, i) => view.show(known[i]?.shortest))
  }

  /** What the worker has found; nothing, if it has found nothing of what is typed now. */
  showOutcomes(page: Page, outcomes: ReadonlyArray<Outcome>): void {
    const { policies, setting } = page
    const count = policies.length
    const ends = outcomes.map(({ ends }) => ends)
    const span = spanOf(ends)
    const most = mostOf(outcomes.flatMap(({ herds }) => herds))
    for (const { element } of [this.ends, this.survival, this.herds]) element.hidden = outcomes.length === 0
    this.ends.of(count).forEach((view, i) => view.show(ends[i], span))
    if (Result.isFailure(setting)) return
    const { context: { outage }, herd } = setting.success
    this.survival.show(ends, outage === undefined ? undefined : Duration.toMillis(outage))
    this.herds.of(count).forEach((view, i) => view.show(outcomes[i]?.herds, herd, most))
  }

  /** Whether what the worker found is of something that was typed before. */
  set stale(isStale: boolean) {
    for (const { element } of [this.ends, this.survival, this.herds]) {
      element.classList.toggle("stale", isStale)
      element.setAttribute("aria-busy", String(isStale))
    }
  }
}

/** What a fix sets, as it is typed. */
const fixText = ({ policy }: Known, fix: Fix): string => {
  const wanted = encode(RetryPolicy.make({ ...policy, ...fix }))
  return policyFields.filter(({ key }) => fix[key] !== undefined)
    .map(({ key }) => `${key} to ${textOf(wanted[key])}`).join(", ")
}
