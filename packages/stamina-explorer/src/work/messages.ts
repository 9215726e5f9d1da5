/**
 * What the page and its worker say to each other.
 */
import type { Job, Outcome } from "./job.ts"

export type Order = ReadonlyArray<Job>

export type Answer =
  | { readonly _tag: "Progress"; readonly share: number }
  | { readonly _tag: "Done"; readonly outcomes: ReadonlyArray<Outcome> }
  | { readonly _tag: "Failed"; readonly message: string }
