/**
 * A plot as SVG: two axes, and marks between them. Its colours come from the style sheet.
 */
import { svg } from "../view/dom.ts"

export interface Axis {
  readonly from: number
  readonly to: number
  /** Where its marks stand, if there is room for so many. */
  readonly ticks: (from: number, to: number, most: number) => ReadonlyArray<number>
  readonly format: (value: number) => string
}

export type Mark =
  | { readonly kind: "line"; readonly name: string; readonly points: ReadonlyArray<readonly [x: number, y: number]> }
  | {
    readonly kind: "columns"
    readonly name: string
    readonly columns: ReadonlyArray<{ readonly from: number; readonly to: number; readonly value: number }>
  }
  | { readonly kind: "across"; readonly name: string; readonly y: number; readonly text: string }
  | { readonly kind: "upright"; readonly name: string; readonly x: number; readonly text: string }

export interface Plot {
  readonly x: Axis
  readonly y: Axis
  readonly marks: ReadonlyArray<Mark>
  /** What it shows, for those who do not see it. */
  readonly label: string
}

/** Room around the plot, for what the axes say. */
const room = { top: 14, right: 14, bottom: 26, left: 52 }

/** Where marks stand, in pixels from the left and from the top. */
interface Place {
  readonly width: number
  readonly height: number
  readonly across: (value: number) => number
  readonly up: (value: number) => number
  /** The value at the foot of the plot. */
  readonly zero: number
}

/** Draws a plot for a place of this size, in pixels. */
export const draw = ({ label, marks, x, y }: Plot, width: number, height: number): SVGSVGElement => {
  const inner = { width: Math.max(1, width - room.left - room.right), height: height - room.top - room.bottom }
  const scale = (axis: Axis, length: number) => (value: number) =>
    axis.to === axis.from ? 0 : (value - axis.from) / (axis.to - axis.from) * length
  const across = scale(x, inner.width)
  const up = (value: number) => inner.height - scale(y, inner.height)(value)

  const place: Place = { ...inner, across, up, zero: y.from }
  return svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    svg(
      "g",
      { transform: `translate(${room.left} ${room.top})` },
      svg(
        "g",
        { class: "axis" },
        ...y.ticks(y.from, y.to, 4).flatMap((value) => [
          svg("line", { x1: 0, x2: inner.width, y1: round(up(value)), y2: round(up(value)) }),
          svg("text", { x: -8, y: round(up(value)), dy: "0.32em", "text-anchor": "end" }, y.format(value))
        ]),
        ...x.ticks(x.from, x.to, Math.max(2, Math.floor(inner.width / 60))).map((value) =>
          svg("text", { x: round(across(value)), y: inner.height + 18, "text-anchor": "middle" }, x.format(value))
        ),
        svg("line", { class: "base", x1: 0, x2: inner.width, y1: inner.height, y2: inner.height })
      ),
      ...marks.map((mark) => shape(mark, place))
    )
  )
}

/** Draws a mark. */
const shape = (mark: Mark, { across, height, up, width, zero }: Place) => {
  switch (mark.kind) {
    case "line":
      return svg("path", { class: `line ${mark.name}`, d: path(mark.points.map(([px, py]) => [across(px), up(py)])) })
    case "columns":
      return svg(
        "g",
        { class: `columns ${mark.name}` },
        ...mark.columns.filter(({ value }) => value > zero).map(({ from, to, value }) =>
          svg("rect", {
            x: round(across(from)),
            y: round(up(value)),
            width: round(Math.max(2, across(to) - across(from) - 1)),
            height: round(height - up(value))
          })
        )
      )
    case "across":
      return svg(
        "g",
        { class: `rule ${mark.name}` },
        svg("line", { x1: 0, x2: width, y1: round(up(mark.y)), y2: round(up(mark.y)) }),
        svg("text", { x: width, y: round(up(mark.y)) - 4, "text-anchor": "end" }, mark.text)
      )
    case "upright": {
      const at = across(mark.x)
      const isRight = at > width / 2
      return svg(
        "g",
        { class: `rule ${mark.name}` },
        svg("line", { x1: round(at), x2: round(at), y1: 0, y2: height }),
        svg("text", {
          x: round(at) + (isRight ? -4 : 4),
          y: 10,
          "text-anchor": isRight ? "end" : "start"
        }, mark.text)
      )
    }
  }
}

const path = (points: ReadonlyArray<readonly [number, number]>): string =>
  points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("")

/** To a tenth of a pixel. */
const round = (value: number): number => Math.round(value * 10) / 10
