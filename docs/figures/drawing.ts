/**
 * How figures look, and how they are written or compared: Vega-Lite draws them.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { parse, View } from "vega"
import { compile, type TopLevelSpec } from "vega-lite"

/** On a white ground of their own, figures are readable on dark pages too. */
export const colours = {
  text: "#3c444d",
  grid: "#7d858e",
  blue: "#1f77c4",
  orange: "#d4651a",
  green: "#2e8b57",
  purple: "#8250c4"
}

/** Narrow, with large letters: a phone shows figures at two thirds of their size. */
export const width = 420

export const config: NonNullable<TopLevelSpec["config"]> = {
  background: "#ffffff",
  padding: 12,
  font: "system-ui, sans-serif",
  view: { stroke: null },
  title: { color: colours.text, fontSize: 16, anchor: "start", offset: 12 },
  axis: {
    labelColor: colours.text,
    titleColor: colours.text,
    domainColor: colours.grid,
    tickColor: colours.grid,
    gridColor: colours.grid,
    gridOpacity: 0.25,
    labelFontSize: 14,
    titleFontSize: 14,
    titleFontWeight: "normal"
  },
  legend: {
    labelColor: colours.text,
    labelFontSize: 14,
    title: null,
    orient: "top",
    symbolSize: 250,
    columnPadding: 18,
    labelLimit: 400
  }
}

/** The title of one panel of several. */
export const panelTitle = (text: string) => ({ text, fontSize: 14, fontWeight: "normal", offset: 6 } as const)

export const seconds = (millis: number): number => Math.round(millis) / 1000

const draw = async (spec: TopLevelSpec): Promise<string> =>
  (await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG()) + "\n"

/** Writes figures beside this file. With `--check`, says which of those on disk differ. */
export const publish = async (figures: Readonly<Record<string, TopLevelSpec>>): Promise<void> => {
  const check = process.argv.includes("--check")
  for (const [name, spec] of Object.entries(figures)) {
    const file = new URL(`${name}.svg`, import.meta.url)
    const svg = await draw(spec)
    if (!check) {
      writeFileSync(file, svg)
    } else if (!existsSync(file) || readFileSync(file, "utf8") !== svg) {
      console.error(`docs/figures/${name}.svg is out of date: run node docs/figures/make.ts`)
      process.exitCode = 1
    }
  }
}
