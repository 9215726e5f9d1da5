/**
 * Charts in plain blocks: bars across, and lines of columns.
 */
import type { Screen } from "./screen.ts"

/** A bar that begins at 0: what is sure, and what chance may add. */
export interface Bar {
  readonly label: string
  readonly sure: number
  readonly most: number
  /** What stands behind the bar. */
  readonly note: string
}

/** A row for each bar: label, bar, note. If a terminal is too narrow for notes, they are left out. */
export const bars = (rows: ReadonlyArray<Bar>, { paint, width }: Screen): string => {
  const label = Math.max(...rows.map((row) => row.label.length))
  const note = Math.max(...rows.map((row) => row.note.length))
  const withNotes = label + note + 4 + shortest <= width
  const room = Math.max(1, width - label - 2 - (withNotes ? note + 2 : 0))
  const longest = Math.max(...rows.map(({ most }) => most))
  const cells = (value: number): number => longest === 0 ? 0 : value / longest * room
  return rows.map(({ label: name, most, note, sure }) => {
    const bar = full(cells(sure))
    const chance = "░".repeat(Math.max(0, Math.round(cells(most)) - bar.length))
    const gap = " ".repeat(Math.max(0, room - bar.length - chance.length))
    const line = `${name.padStart(label)}  ${paint("blue", bar)}${paint("dim", chance)}`
    return withNotes ? `${line}${gap}  ${note}` : line
  }).join("\n")
}

/** A bar shorter than this shows nothing. */
const shortest = 8

/** A bar of so many cells, to an eighth. */
const full = (cells: number): string => {
  const eighths = Math.round(cells * 8)
  return "█".repeat(Math.floor(eighths / 8)) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
}

/** Numbers over time. */
export interface Line {
  readonly label: string
  readonly values: ReadonlyArray<number>
  /** What stands behind the line. */
  readonly note: string
  /** What a full column stands for. Default: the highest of its own. */
  readonly full?: number | undefined
}

const levels = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/** A row of columns for each line, with a scale of its own where none is said. `axis` is what stands below the first and the last column. */
export const lines = (rows: ReadonlyArray<Line>, axis: readonly [string, string], { paint, width }: Screen): string => {
  const label = Math.max(...rows.map((row) => row.label.length))
  const note = Math.max(...rows.map((row) => row.note.length))
  const withNotes = label + note + 4 + shortest <= width
  const room = Math.max(1, width - label - 2 - (withNotes ? note + 2 : 0))
  const drawn = rows.map((row) => {
    const columns = fit(row.values, room)
    const highest = row.full ?? Math.max(...columns)
    // whatever is not 0 shows
    const line = columns.map((value) => levels[highest === 0 ? 0 : Math.min(8, Math.ceil(value / highest * 8))]).join(
      ""
    )
    return `${row.label.padStart(label)}  ${paint("blue", line)}${withNotes ? `  ${row.note}` : ""}`
  })
  const length = Math.min(room, rows[0]?.values.length ?? 0)
  const below = `${" ".repeat(label + 2)}${axis[0]}${axis[1].padStart(Math.max(1, length - axis[0].length))}`
  return [...drawn, paint("dim", below)].join("\n")
}

/** Averages neighbours, if there are more values than columns. */
const fit = (values: ReadonlyArray<number>, columns: number): ReadonlyArray<number> => {
  if (values.length <= columns) return values
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor(column * values.length / columns)
    const part = values.slice(from, Math.floor((column + 1) * values.length / columns))
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
}
