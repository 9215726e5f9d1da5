/**
 * What stands in the sources of all packages.
 */
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseAst } from "rolldown/parseAst"

const packages = fileURLToPath(new URL("../../../", import.meta.url))

/** A regular expression in the sources; `undefined` where one is made of a text by `new RegExp`. */
export interface Found {
  readonly file: string
  readonly regex: RegExp | undefined
}

/** Every regular expression in the sources of all packages. */
export const regularExpressions = (): ReadonlyArray<Found> =>
  globSync("*/src/**/*.ts", { cwd: packages }).toSorted().flatMap((file) => {
    const found: Array<Found> = []
    const visit = (node: unknown): void => {
      if (Array.isArray(node)) return node.forEach(visit)
      if (typeof node !== "object" || node === null) return
      const { callee, regex, type } = node as {
        readonly type?: unknown
        readonly regex?: { readonly pattern: string; readonly flags: string }
        readonly callee?: { readonly name?: unknown }
      }
      if (type === "Literal" && regex) found.push({ file, regex: new RegExp(regex.pattern, regex.flags) })
      if ((type === "NewExpression" || type === "CallExpression") && callee?.name === "RegExp") {
        found.push({ file, regex: undefined })
      }
      Object.values(node).forEach(visit)
    }
    visit(parseAst(readFileSync(`${packages}${file}`, "utf8"), { lang: "ts" }, file))
    return found
  })
