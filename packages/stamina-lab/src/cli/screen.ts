/**
 * What is shown: how wide it may be, whether it has colours, and how lines are broken.
 */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Terminal from "effect/Terminal"

export interface Screen {
  /** How many characters fit in a line. */
  readonly width: number
  readonly paint: (color: Color, text: string) => string
}

export type Color = "red" | "yellow" | "blue" | "green" | "dim" | "bold"

const codes: Readonly<Record<Color, number>> = { red: 31, yellow: 33, blue: 34, green: 32, dim: 2, bold: 1 }

/** Whatever the terminal says, a chart needs some room, and nobody reads a wider one. */
const narrowest = 24
const widest = 500

/** The screen: as wide as the terminal; without one, as `COLUMNS` says, or 80 characters. */
export const screen: Effect.Effect<Screen, never, Terminal.Terminal> = Effect.gen(function*() {
  const terminal = yield* Terminal.Terminal
  const columns = yield* terminal.columns
  const said = yield* Effect.orElseSucceed(Config.option(Config.Int("COLUMNS")), Option.none<number>)
  const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
  return {
    width: Math.min(widest, Math.max(narrowest, columns > 0 ? columns : Option.getOrElse(said, () => 80))),
    paint: (color, text) => canColor ? `\u001b[${codes[color]}m${text}\u001b[0m` : text
  }
})

/** Breaks lines at spaces, but not within a number or before its `%`, and indents what follows the first. */
export const wrap = (text: string, width: number, indent = ""): string =>
  text.replace(/(?<=\d) (?=%|\d{3}\b)/g, glue).split("\n").map((line) => {
    const lines: Array<string> = []
    let last = ""
    for (const word of line.split(" ")) {
      const longer = last === "" ? word : `${last} ${word}`
      if (longer.length <= width || last.trim() === "") last = longer
      else {
        lines.push(last)
        last = indent + word
      }
    }
    return [...lines, last].join("\n")
  }).join("\n").replaceAll(glue, " ")

/** A space at which no line is broken. */
const glue = "\u00a0"
