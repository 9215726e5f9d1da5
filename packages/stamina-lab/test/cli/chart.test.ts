import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as chart from "../../src/cli/chart.ts"
import { type Screen, wrap } from "../../src/cli/screen.ts"
import * as words from "../../src/tools/Words.ts"

const screenOf = (width: number): Screen => ({ width, paint: (_, text) => text })

const width = Schema.Int.check(Schema.isBetween({ minimum: 24, maximum: 200 }))
const values = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e9 })))

describe("bars", () => {
  it.prop("fit the screen, in proportion to the longest", [values, width], ([values, width]) => {
    const rows = values.map((value) => ({ label: "", sure: value / 2, most: value, note: "" }))
    const drawn = chart.bars(rows, screenOf(width)).split("\n")
    assert.lengthOf(drawn, values.length)
    const longest = Math.max(...values)
    for (const [i, line] of drawn.entries()) {
      assert.isAtMost(line.length, width)
      const bar = line.trim().length
      // an eighth of a block is a block wide
      if (longest > 0) assert.closeTo(bar, (values[i] ?? 0) / longest * (width - 4), 1.5)
    }
  })

  it("draw to an eighth of a block", () => {
    const rows = [8, 4, 1, 0.5].map((most) => ({ label: String(most), sure: most, most, note: "" }))
    assert.deepStrictEqual(
      chart.bars(rows.map((row) => ({ ...row, note: "" })), screenOf(24)).split("\n").map((line) => line.trimEnd()),
      [
        `  8  ${"█".repeat(17)}`,
        `  4  ${"█".repeat(8)}▌`,
        "  1  ██▏",
        "0.5  █▏"
      ]
    )
  })

  it("leave notes out where there is no room for them", () => {
    const rows = [{ label: "1", sure: 1, most: 1, note: "100ms to 1.1s, at 2.3s" }]
    assert.strictEqual(chart.bars(rows, screenOf(30)), `1  ${"█".repeat(27)}`)
    assert.strictEqual(chart.bars(rows, screenOf(40)), `1  ${"█".repeat(13)}  100ms to 1.1s, at 2.3s`)
  })

  it("draw nothing of nothing", () => {
    assert.strictEqual(
      chart.bars([{ label: "1", sure: 0, most: 0, note: "0ms" }], screenOf(24)).trim(),
      "1                    0ms"
    )
  })
})

describe("lines", () => {
  it.prop("fit the screen, and show whatever is not 0", [values, width], ([values, width]) => {
    const [line = "", axis = ""] = chart.lines([{ label: "x", values, note: "" }], ["0", "1m"], screenOf(width)).split(
      "\n"
    )
    assert.isAtMost(line.length, width)
    assert.isAtMost(axis.length, Math.max(width, 10))
    if (values.length <= width - 5) {
      for (const [i, value] of values.entries()) assert.strictEqual(line[i + 3] === " ", value === 0)
    }
  })

  it("average what has no column of its own", () => {
    const values = Array.from({ length: 40 }, (_, i) => i < 20 ? 0 : 8)
    const [line = ""] = chart.lines([{ label: "x", values, note: "" }], ["0", "1"], screenOf(25)).split("\n")
    assert.strictEqual(line.trimEnd(), `x  ${" ".repeat(10)}${"█".repeat(10)}`)
  })
})

describe("wrap", () => {
  it("breaks lines at spaces, and indents the rest", () => {
    assert.strictEqual(wrap("one two three four\nfive", 9, "  "), "one two\n  three\n  four\nfive")
  })

  it("keeps numbers and their percent sign together", () => {
    assert.strictEqual(wrap("of 10 000 all 100 %", 9), "of 10 000\nall 100 %")
    assert.strictEqual(wrap("makes 10 000", 9), "makes\n10 000")
    assert.strictEqual(wrap("and of 99 %", 9), "and of\n99 %")
  })

  it("leaves a word that is too long as it is", () => {
    assert.strictEqual(wrap("a {\"attempts\":15} b", 9), "a\n{\"attempts\":15}\nb")
  })
})

describe("words", () => {
  it("give times to three digits", () => {
    const times = [0, 250, 999.9, 1234, 27_312, 59_990, 90_000, 3_661_000, Infinity].map(words.time)
    assert.deepStrictEqual(times, ["0ms", "250ms", "1s", "1.23s", "27.3s", "1m", "1m 30s", "1h 1m 1s", "never"])
  })

  it("say 0 % of nothing alone, and 100 % of all alone", () => {
    const shares = [0, 1e-9, 0.1234, 0.5, 0.9999, 1].map(words.percent)
    assert.deepStrictEqual(shares, ["0 %", "< 0.1 %", "12.3 %", "50 %", "> 99.9 %", "100 %"])
  })

  it("set thousands apart", () => {
    assert.deepStrictEqual([7, 1234, 1_234_567, 1.2345, 0.5].map(words.count), [
      "7",
      "1 234",
      "1 234 567",
      "1.23",
      "0.5"
    ])
  })
})
