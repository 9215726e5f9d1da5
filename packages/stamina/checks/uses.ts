/**
 * Programs that use a call on many effects, for the compiler.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "../../../scripts/lib/run.ts"

/** So many uses a program has of a call. */
export const uses = 200

/** A program that uses a call on many effects, or has these effects and does nothing with them. */
export const program = (call: string | undefined): string => {
  const lines = [
    `import { Data, Effect, Schedule } from "effect"`,
    `import { Stamina, staminaSchedule } from "effect-stamina"`
  ]
  for (let i = 0; i < uses; i++) {
    lines.push(
      `export class HttpError${i} extends Data.TaggedError("HttpError${i}")<{ readonly status: number }> {}`,
      `export class ParseError${i} extends Data.TaggedError("ParseError${i}")<{ readonly at: number }> {}`,
      `declare const effect${i}: Effect.Effect<${i}, HttpError${i} | ParseError${i}>`
    )
    if (call !== undefined) {
      const own = call.replaceAll(/\b(?:(?:Http|Parse)Error|effect(?=,))\b/g, `$&${i}`)
      lines.push(`export const use${i} = ${call.includes("(effect,") ? own : `effect${i}.pipe(${own})`}`)
    }
  }
  return lines.join("\n")
}

/** Writes a program and its project into a folder two below the root; `sources` are the library's. */
export const write = (folder: string, name: string, source: string, sources: string): void => {
  writeFileSync(join(folder, `${name}.ts`), source)
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: {
        paths: { "effect-stamina": [join(sources, "index.ts")] },
        types: [],
        noUnusedLocals: false,
        skipLibCheck: true
      },
      files: [`${name}.ts`]
    })
  )
}

/** A figure of the compiler's about a program that was written. */
export const figureOf = async (folder: string, name: string, figure: string): Promise<number> => {
  // several threads would each count what they share
  const { ok, output } = await run("tsc", [
    "-p",
    join(folder, `${name}.json`),
    "--extendedDiagnostics",
    "--singleThreaded"
  ])
  const [, value] = new RegExp(`^${figure}: +([\\d.]+)s?$`, "m").exec(output) ?? []
  if (!ok || value === undefined) throw new Error(`${name}.ts does not compile\n${output}`)
  return Number(value)
}

/** An empty folder for such programs. */
export const emptyFolder = (name: string): string => {
  const folder = join(root, ".tmp", name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}
