/**
 * Shows faults to a client, and writes down what each looks like there and whether it was retried.
 */
import { type Fault, faults, type Places } from "./faults.ts"

/** What a client is asked to do. */
export interface Task {
  readonly fault: Fault
  readonly places: Places
  /** How many requests it may send. */
  readonly attempts: number
}

/** What came of it. */
export interface Met {
  /** How many requests it began to send. */
  readonly sent: number
  /** What it failed with, if it did: the error of the platform's client, below those of libraries. */
  readonly error: unknown
  /** Whether the client threw it, a defect. */
  readonly threw: boolean
}

/** A client under test: a row of `subjects.ts`. */
export interface Subject {
  /** Its name in the docs. */
  readonly name: string
  readonly version: string
  /** How it retries. Subjects of one name must come to the same. */
  readonly way: string
  /** The versions of HTTP whose faults it is shown. */
  readonly protocols: ReadonlyArray<1 | 2>
  /** Whether it is `fetch`, which takes `redirect`. */
  readonly isFetch: boolean
  readonly meet: (task: Task) => Promise<Met>
}

/** How a fault looked to a subject. */
export interface Sight {
  readonly fault: string
  readonly subject: string
  readonly version: string
  readonly way: string
  readonly retried: boolean
  /** What it looks like: an error and what caused it. Undefined if there was no error. */
  readonly looks: string | undefined
}

/** Shows a subject all faults that it can meet, one after the other. */
export const look = async (subject: Subject, places: Places): Promise<ReadonlyArray<Sight>> => {
  const sights: Array<Sight> = []
  for (const fault of faults) {
    if (!subject.protocols.includes(fault.http2 === true ? 2 : 1)) continue
    if (fault.only !== undefined && fault.only !== subject.name) continue
    if (fault.redirect !== undefined && !subject.isFetch) continue
    const { error, sent, threw } = await subject.meet({ fault, places, attempts: 2 })
    const { name, version, way } = subject
    sights.push({
      fault: fault.name,
      subject: name,
      version,
      way,
      retried: sent > 1,
      looks: threw ? `thrown: ${describe(error)}` : describe(error)
    })
  }
  return sights
}

/** What is wrong with what a subject saw, in sentences. */
export const problemsOf = (sights: ReadonlyArray<Sight>): ReadonlyArray<string> =>
  sights.flatMap((sight) => {
    const { fault: name, looks = "no error", retried, subject, way } = sight
    const fault = faults.find((fault) => fault.name === name)
    if (fault === undefined) return `there is no fault ${name}`
    const where = `${subject}, ${way}: ${name} (${looks})`
    const passes = fault.passes !== (fault.except?.includes(subject) ?? false)
    const first = sights.find((other) => other.fault === name && other.subject === subject)
    return [
      ...retried === passes ? [] : [`${where} was ${retried ? "retried" : "not retried"}`],
      ...passes && sight.looks === undefined ? [`${where} was not seen`] : [],
      ...first?.looks === sight.looks ? [] : [`${where} looks different from what ${first?.way} shows`]
    ]
  })

/** An error and what caused it, in one line, without what differs from run to run. */
const describe = (error: unknown): string | undefined => {
  const parts: Array<string> = []
  for (let each = error; each instanceof Error && parts.length < 4; each = each.cause) {
    const code = "code" in each && typeof each.code === "string" ? ` ${each.code}` : ""
    parts.push(`${each.name}${code}: ${each.message}`)
  }
  return error === undefined ? undefined : withoutChance(parts.join(" ← ") || typeof error)
}

/** Ports and addresses differ from run to run, and a machine without DNS has other words for a name that is nowhere. */
const withoutChance = (text: string): string =>
  text
    .replace(/127\.0\.0\.1:(?!6000)\d+/g, "127.0.0.1:PORT")
    .replace(/[0-9A-F]{8,16}(?=:error:)/, "ID")
    .replaceAll("EAI_AGAIN", "ENOTFOUND")
    .replaceAll("Temporary failure in name resolution", "Name or service not known")
    .replace(/\s+/g, " ")
    .trim()
