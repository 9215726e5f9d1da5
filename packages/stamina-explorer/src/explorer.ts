/**
 * The page: holds the state, shows what follows from it, and hands to the worker what takes longer.
 */
import type { Fix, Rule } from "effect-stamina-lab/RetryLint"
import * as Result from "effect/Result"
import { links } from "./model/examples.ts"
import { herdFields, policyFields, type PolicyKey, useFields } from "./model/fields.ts"
import * as link from "./model/link.ts"
import * as page from "./model/page.ts"
import * as ofPolicy from "./model/policy.ts"
import * as states from "./model/state.ts"
import type { SettingKey, State } from "./model/state.ts"
import { copyButton } from "./view/copy.ts"
import { h, say } from "./view/dom.ts"
import { Form } from "./view/form.ts"
import { notice } from "./view/notice.ts"
import { Progress } from "./view/progress.ts"
import { Results } from "./view/results.ts"
import { soon } from "./view/soon.ts"
import type { Workshop } from "./work/workshop.ts"

export class Explorer {
  readonly element: HTMLElement
  private state: State = states.initial
  private read: page.Page = page.read(states.initial)
  private readonly workshop: Workshop
  private readonly compare = h("input", { type: "checkbox", id: "compare", change: () => this.toggle() })
  private readonly said = h("p", { class: "said", role: "status" })
  private readonly policyForm = new Form(
    "Policy",
    policyFields,
    (index, key, text) => this.policyTyped(index, key, text)
  )
  private readonly useForm = new Form("Where it is used", useFields, (_, key, text) => this.settingTyped(key, text))
  private readonly herdForm = new Form("The herd", herdFields, (_, key, text) => this.settingTyped(key, text))
  private readonly progress = new Progress({ cancel: () => this.cancel(), again: () => this.simulate() })
  private readonly results = new Results({
    fix: (index, fix, text) => this.fix(index, fix, text),
    ignore: (rule) => this.ignore(rule),
    said: (what) => say(this.said, what)
  })
  private readonly notice = h("div")
  private readonly instrument: HTMLElement
  private readonly simulateSoon = soon(250, () => this.simulate())
  private readonly writeLinkSoon = soon(150, () => this.writeLink())

  constructor(workshop: Workshop) {
    this.workshop = workshop
    const { ends, findings, herds, readouts, renderings, survival, waits } = this.results
    this.instrument = h(
      "div",
      { class: "instrument" },
      readouts.element,
      h(
        "form",
        { class: "forms", "aria-label": "Policy and setting", submit: (event) => event.preventDefault() },
        this.policyForm.element,
        h("details", {}, h("summary", {}, "Where it is used"), this.useForm.element),
        h("details", {}, h("summary", {}, "The herd and its server"), this.herdForm.element)
      ),
      h(
        "div",
        { class: "results" },
        findings.element,
        waits.element,
        this.progress.element,
        ends.element,
        survival.element,
        herds.element,
        renderings.element
      )
    )
    this.element = h(
      "main",
      {},
      h(
        "div",
        { class: "tools" },
        h("label", { class: "switch", for: "compare" }, this.compare, "Compare two policies"),
        copyButton("Copy link", () => this.writeLink(), (what) => say(this.said, what)),
        this.said
      ),
      h(
        "nav",
        { class: "examples", "aria-label": "Examples" },
        h("span", {}, "Examples: "),
        h("ul", {}, ...links.map(({ hash, title }) => h("li", {}, h("a", { href: hash }, title))))
      ),
      this.notice,
      this.instrument
    )
  }

  // -------------------------------------------------------------------------------------------------------------------
  // the link
  // -------------------------------------------------------------------------------------------------------------------

  /** Shows what a link says, or what is wrong with it. */
  open(hash: string): void {
    const found = link.read(hash)
    say(this.said, "")
    if (found.problems.length === 0) return this.begin(found.state)
    this.workshop.cancel()
    this.showInstrument(false)
    this.notice.replaceChildren(notice(found, {
      keep: () => this.start(found.state),
      anew: () => this.start(states.initial)
    }))
  }

  private start(state: State): void {
    this.begin(state)
    this.writeLink()
    this.compare.focus()
  }

  private begin(state: State): void {
    this.notice.replaceChildren()
    this.showInstrument(true)
    this.change(state)
    // what a link says of the setting is to be seen, above all where it has faults
    const open = (form: Form<SettingKey>, keys: ReadonlyArray<SettingKey>) => {
      const details = form.element.parentElement
      if (details instanceof HTMLDetailsElement && keys.some((key) => key in state.setting)) details.open = true
    }
    open(this.useForm, useFields.map(({ key }) => key))
    open(this.herdForm, herdFields.map(({ key }) => key))
  }

  private showInstrument(isShown: boolean): void {
    this.instrument.hidden = !isShown
    // there is nothing to compare
    this.compare.disabled = !isShown
  }

  /** Puts the state into the address, and returns the address. */
  private writeLink(): string {
    // a link that could not be read stays until there is a choice
    if (!this.instrument.hidden) {
      const hash = link.write(this.state)
      history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`)
    }
    return location.href
  }

  // -------------------------------------------------------------------------------------------------------------------
  // changes
  // -------------------------------------------------------------------------------------------------------------------

  private policyTyped(index: number, key: PolicyKey, text: string): void {
    this.change(states.policyTyped(this.state, index, states.typed(this.state.policies[index] ?? {}, key, text)))
  }

  private settingTyped(key: SettingKey, text: string): void {
    this.change({ ...this.state, setting: states.typed(this.state.setting, key, text) })
  }

  private toggle(): void {
    this.step(this.compare.checked ? states.compared(this.state) : states.alone(this.state))
  }

  private fix(index: number, fix: Fix, text: string): void {
    const policy = this.read.policies[index]
    if (policy === undefined || Result.isFailure(policy)) return
    this.step(
      states.policyTyped(this.state, index, ofPolicy.fixed(this.state.policies[index] ?? {}, policy.success, fix))
    )
    say(this.said, text)
    // the button is gone
    document.getElementById("findings")?.focus()
  }

  private ignore(rule: Rule): void {
    const { ignore } = this.state.setting
    const text = ignore === undefined ? rule : `${ignore}, ${rule}`
    this.step({ ...this.state, setting: states.typed(this.state.setting, "ignore", text) })
    say(this.said, `${rule} is ignored: the field ignore, under "Where it is used", takes it back.`)
    document.getElementById("findings")?.focus()
  }

  /** A change that the browser's way back takes back: what a click does at once. */
  private step(state: State): void {
    this.writeLink()
    history.pushState(null, "", location.href)
    this.change(state)
    this.writeLink()
  }

  private change(state: State): void {
    this.state = state
    this.read = page.read(state)
    this.show()
    this.writeLinkSoon()
    this.simulateSoon()
  }

  private show(): void {
    const { policies, setting } = this.read
    this.compare.checked = policies.length > 1
    this.policyForm.show(policies.map((policy, i) => ({
      texts: this.state.policies[i] ?? {},
      faults: Result.isFailure(policy) ? policy.failure : {},
      empty: Result.isSuccess(policy) ? effective(policy.success) : {}
    })))
    const shown = { texts: this.state.setting, faults: Result.isFailure(setting) ? setting.failure : {}, empty: {} }
    this.useForm.show([shown])
    this.herdForm.show([shown])
    this.results.show(this.read)
    this.results.stale = true
  }

  // -------------------------------------------------------------------------------------------------------------------
  // simulation
  // -------------------------------------------------------------------------------------------------------------------

  private simulate(): void {
    const { read } = this
    this.workshop.cancel()
    if (read.jobs === undefined) {
      this.results.showOutcomes(read, [])
      return this.progress.idle("Not simulated: a field has to be mended first.", false)
    }
    this.results.stale = true
    this.progress.running(0)
    this.workshop.order(read.jobs, {
      progress: (share) => this.progress.running(share),
      done: (outcomes) => {
        // somebody has typed since, and the next order is about to go out
        if (this.read !== read) return
        this.results.showOutcomes(read, outcomes)
        this.results.stale = false
        this.progress.idle("Simulated.", false)
      },
      failed: (message) => {
        this.results.showOutcomes(read, [])
        this.progress.idle(`Not simulated: ${message}`, true)
      }
    })
  }

  private cancel(): void {
    this.workshop.cancel()
    this.results.showOutcomes(this.read, [])
    this.progress.idle("Cancelled.", true)
  }
}

/** What empty fields stand for: `waitMax` may be as long as the wait that was typed. */
const effective = ({ encoded }: page.Known): Partial<Record<PolicyKey, string>> =>
  Object.fromEntries(policyFields.map(({ key }) => [key, ofPolicy.textOf(encoded[key])]))
