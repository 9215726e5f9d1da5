import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { root, run } from "../../../scripts/lib/run.ts"

const imports = "eslint(no-restricted-imports)"
const globals = "eslint(no-restricted-globals)"
const properties = "eslint(no-restricted-properties)"
const circles = "import(no-cycle)"
const types = "typescript(consistent-type-imports)"

/** Rooms, the lowest first. Those of one level may not import each other. */
const levels = [
  ["tools"],
  ["policy"],
  ["verdict"],
  ["run"],
  ["ambient", "budget", "telemetry"],
  ["drive"],
  ["http", "sql", "persistence", "workflow", "paper", "promise", "testing", "config", "ai", "rpc"]
]
const rooms = levels.flat()
const levelOf = (room: string): number => levels.findIndex((level) => level.includes(room))

/** What may be imported, by where it is: everywhere else it is refused. */
const owners: Readonly<Record<string, ReadonlyArray<string>>> = {
  "effect/Effect": rooms,
  "effect/Context": rooms,
  "effect/http/HttpClient": ["http"],
  "effect/crypto/WebCrypto": ["http", "workflow"],
  "effect/sql/SqlClient": ["sql"],
  "effect/ai/Model": ["ai"],
  "effect/rpc/Rpc": ["rpc"],
  "effect/cluster/ClusterError": ["rpc"],
  "effect/persistence/Redis": ["persistence"],
  "effect/workflow/Activity": ["workflow"],
  "effect/Schema": ["workflow", "config"],
  "effect/SchemaIssue": ["workflow", "config"],
  "effect/JsonSchema": ["workflow", "config"],
  "effect/Config": ["workflow", "config"],
  "effect/ConfigProvider": ["workflow", "config"],
  "effect": [],
  "effect/http": [],
  "effect/cli/Command": [],
  "effect/testing/TestClock": [],
  "effect-stamina/Stamina": [],
  "node:fs": [],
  "vitest": []
}

interface Finding {
  readonly code: string
  readonly filename: string
  readonly labels: readonly [{ readonly span: { readonly line: number } }]
}

/**
 * What oxlint refuses of the rules in question, as `file:line rule`, in the library's sources with some files beside
 * or in place of their own: in these files, or in all where none is given.
 */
const refused = async (files: Readonly<Record<string, string>> = {}): Promise<ReadonlyArray<string>> => {
  const copy = mkdtempSync(join(tmpdir(), "effect-stamina-rooms-"))
  try {
    const sources = join("packages", "stamina", "src")
    const rows = join("packages", "stamina", "checks", "rooms.oxlint.json")
    // without what the sources' tsconfig.json extends, imports lead nowhere
    const others = join("packages", "stamina-lab", "checks", "rooms.oxlint.json")
    for (const path of [".oxlintrc.json", "tsconfig.base.json", rows, others, sources]) {
      cpSync(join(root, path), join(copy, path), { recursive: true })
    }
    for (const [file, code] of Object.entries(files)) {
      mkdirSync(dirname(join(copy, sources, file)), { recursive: true })
      writeFileSync(join(copy, sources, file), code)
    }
    const { stdout } = await run("oxlint", ["--format", "json"], { cwd: copy })
    const { diagnostics, number_of_files: count } = JSON.parse(stdout)
    expect(count).toBeGreaterThan(40)
    return diagnostics
      .filter(({ code }: Finding) => [imports, globals, properties, circles, types].includes(code))
      .map(({ code, filename, labels }: Finding) =>
        `${filename.replaceAll("\\", "/").replace("packages/stamina/src/", "")}:${labels[0].span.line} ${code}`
      )
      .filter((finding: string) => Object.keys(files).length === 0 || Object.hasOwn(files, finding.split(":")[0] ?? ""))
      .toSorted()
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Files of imports, one in each room, and what is to be refused in them. */
const inEachRoom = (
  targets: ReadonlyArray<string>,
  mayImport: (room: string, target: string) => boolean,
  toCode: (target: string, i: number) => string = (target, i) => `import { a${i} } from "${target}"\n`
) => ({
  files: Object.fromEntries(rooms.map((room) => [`${room}/probe.ts`, targets.map(toCode).join("")])),
  expected: rooms.flatMap((room) =>
    targets.flatMap((target, i) => mayImport(room, target) ? [] : [`${room}/probe.ts:${i + 1} ${imports}`])
  ).toSorted()
})

describe("rooms", () => {
  it("are kept by the library itself", async () => {
    expect(await refused()).toEqual([])
  })

  it("import rooms below their own, and no others", async () => {
    const { expected, files } = inEachRoom(
      [...rooms.map((room) => `../${room}/x.ts`), "./own.ts", "../Stamina.ts", "../index.ts"],
      (room, target) => {
        const [, other] = /^\.\.\/(\w+)\/x\.ts$/.exec(target) ?? []
        return target === "./own.ts" || (other !== undefined && levelOf(other) < levelOf(room))
      }
    )
    expect(await refused(files)).toEqual(expected)
  })

  it("import modules of effect one by one, and parts of it only where they belong", async () => {
    const { expected, files } = inEachRoom(
      Object.keys(owners),
      (room, target) => owners[target]?.includes(room) ?? false,
      (target, i) => `import type { A${i} } from "${target}"\n`
    )
    expect(await refused(files)).toEqual(expected)
  })

  it("see an import in whatever form it is written", async () => {
    const forms = [
      `import { a1 } from "../drive/x.ts"`,
      `import type { A2 } from "../drive/x.ts"`,
      `import { type A3 } from "../drive/x.ts"`,
      `import * as a4 from "../drive/x.ts"`,
      `export { a5 } from "../drive/x.ts"`,
      `export type { A6 } from "../drive/x.ts"`,
      `export * from "../drive/x.ts"`,
      `export * as a8 from "../drive/x.ts"`,
      `import "../drive/x.ts"`,
      `export const a10 = import("../drive/x.ts")`,
      `import { a11 } from "./../drive/x.ts"`,
      `import { a12 } from "../tools/../drive/x.ts"`,
      `export type A13 = import("../drive/x.ts").A`
    ]
    expect(await refused({ "policy/probe.ts": forms.join("\n") })).toEqual(
      forms.map((form, i) => `policy/probe.ts:${i + 1} ${form.includes("A13") ? types : imports}`).toSorted()
    )
  })

  it("of a policy load Schema only where one is written or read; RetryPolicy knows the types", async () => {
    const modules = ["schema", "config", "fields", "RetryPolicy", "Backoff"]
    const code = `import * as Schema from "effect/Schema"\nimport type * as Config from "effect/Config"\n`
    const files = Object.fromEntries(modules.map((module) => [`policy/${module}.ts`, code]))

    expect((await refused(files)).filter((finding) => finding.endsWith(imports))).toEqual([
      `policy/Backoff.ts:1 ${imports}`,
      `policy/Backoff.ts:2 ${imports}`,
      `policy/RetryPolicy.ts:1 ${imports}`
    ])
  })

  it("above the drivers come into neither Stamina nor the main entry", async () => {
    const above = levels.at(-1) ?? []
    const code = rooms.map((room) => `import { ${room} } from "./${room}/x.ts"\n`).join("")
    const lines = rooms.flatMap((room, i) => above.includes(room) ? [i + 1] : [])

    expect(
      await refused({ "Stamina.ts": `${code}import "./index.ts"\n`, "index.ts": `${code}import "effect/Effect"\n` })
    )
      .toEqual([
        ...lines.flatMap((line) => [`Stamina.ts:${line} ${imports}`, `index.ts:${line} ${imports}`]),
        `Stamina.ts:${rooms.length + 1} ${imports}`,
        `index.ts:${rooms.length + 1} ${imports}`
      ].toSorted())
  })

  it("need a row before they may import anything", async () => {
    expect(await refused({ "cellar/probe.ts": `import "effect/Effect"\nimport "./own.ts"\n` })).toEqual([
      `cellar/probe.ts:1 ${imports}`,
      `cellar/probe.ts:2 ${imports}`
    ])
  })

  it("hold no circles, of types neither", async () => {
    const found = await refused({
      "run/first.ts": `import type { B } from "./second.ts"\nexport type A = B | 1\n`,
      "run/second.ts": `import type { A } from "./first.ts"\nexport type B = A | 2\n`
    })
    expect(found).toEqual([`run/first.ts:1 ${circles}`, `run/second.ts:1 ${circles}`])
  })

  it("take time and chance from the fiber", async () => {
    const uses = [
      ["Date.now()", globals],
      ["new Date()", globals],
      ["Date()", globals],
      ["globalThis.Date.now()", globals],
      ["performance.now()", globals],
      ["setTimeout(() => {}, 1)", globals],
      ["globalThis.setTimeout(() => {}, 1)", globals],
      ["setInterval(() => {}, 1)", globals],
      ["setImmediate(() => {})", globals],
      ["Math.random()", properties],
      [`Math["random"]()`, properties],
      ["Math.max(1, 2)", undefined],
      [
        "(\n// oxlint-disable-next-line no-restricted-globals -- made of a number: reads no clock\nnew Date(1))",
        undefined
      ]
    ] as const
    for (const room of ["tools", "http", "paper"]) {
      const code = uses.map(([use], i) => `export const a${i} = ${use}\n`).join("")
      expect(await refused({ [`${room}/probe.ts`]: code })).toEqual(
        uses.flatMap(([, rule], i) => rule === undefined ? [] : [`${room}/probe.ts:${i + 1} ${rule}`]).toSorted()
      )
    }
  })
})
