/**
 * What the linter found, as text.
 */
import type { Finding, Severity } from "../lint/RetryLint.ts"
import { type Color, type Screen, wrap } from "./screen.ts"

const colors: Readonly<Record<Severity, Color>> = { error: "red", warning: "yellow", info: "blue" }

/** A paragraph for each finding. */
export const findings = (found: ReadonlyArray<Finding>, { paint, width }: Screen): string =>
  found.map(({ fix, message, rule, severity }) => {
    const change = fix === undefined ? "" : ` Try ${JSON.stringify(fix).replaceAll(",\"", ", \"")}.`
    // broken before it is painted: what paints takes no room
    const text = wrap(`${severity} ${rule}: ${message}${change}`, width, "  ")
    return paint(colors[severity], severity) + text.slice(severity.length)
  }).join("\n")
