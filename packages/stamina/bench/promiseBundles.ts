/**
 * (j) What a retry of promises adds to a bundle, beside p-retry, cockatiel and async-retry: minified and gzipped, with what
 * each of them depends on. What this library uses of `effect` is told apart, for a program that has it anyway.
 */
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { type InputOptions, rolldown } from "rolldown"
import { ratio, type Result } from "./kit/result.ts"

const programs = {
  pRetry: [`p-retry 9`, `export { default as retry } from "p-retry"`],
  asyncRetry: ["async-retry 1.3", `export { default as retry } from "async-retry"`],
  cockatiel: [
    "cockatiel 4, retries only",
    `export { ExponentialBackoff, handleWhen, retry } from "cockatiel"`
  ],
  retry: ["`RetryPromise.retry`", `export { retry } from "effect-stamina/RetryPromise"`],
  all: ["all of `RetryPromise`", `export * from "effect-stamina/RetryPromise"`]
} as const

type Name = keyof typeof programs

interface Size {
  readonly minified: number
  /** Gzipped: the library, and `effect`. */
  readonly own: number
  readonly effect: number
}

const isEffect = /[\\/]node_modules[\\/]effect[\\/]/

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length

const build = async (name: Name, options: InputOptions = {}) => {
  const bundle = await rolldown({
    input: "program",
    platform: "browser",
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    plugins: [{
      name: "program",
      resolveId: (id) => id === "program" ? fileURLToPath(new URL("program.ts", import.meta.url)) : undefined,
      load: (id) => id.endsWith("program.ts") ? programs[name][1] : undefined
    }],
    treeshake: { moduleSideEffects: false },
    tsconfig: false,
    ...options
  })
  try {
    const { output } = await bundle.generate({
      format: "esm",
      minify: true,
      comments: false,
      codeSplitting: { groups: [{ name: "effect", test: isEffect }] }
    })
    return output.flatMap((part) => part.type === "chunk" ? [part] : [])
  } finally {
    await bundle.close()
  }
}

const measure = async (name: Name): Promise<Size> => {
  const chunks = await build(name)
  const effect = chunks.filter((chunk) => Object.keys(chunk.modules).some((file) => isEffect.test(file)))
  // which a program in one file does not have
  const own = chunks.filter((chunk) => !effect.includes(chunk)).map(({ code }) =>
    code.replace(/^import\{.*?\}from".*?";/, "")
  )
  return {
    minified: [...own, ...effect.map(({ code }) => code)].reduce((sum, code) => sum + Buffer.byteLength(code), 0),
    own: own.reduce((sum, code) => sum + gzipped(code), 0),
    effect: effect.reduce((sum, { code }) => sum + gzipped(code), 0)
  }
}

const names = Object.keys(programs) as Array<Name>
const sizes = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await measure(name)] as const))
) as Record<Name, Size>

const result: Result = {
  title: "Bundles of retries of promises",
  about: "Bytes, minified and, but for the first column, gzipped as well; each with what it depends on.",
  columns: ["", "minified, all", "the library", "of `effect`", "together"],
  rows: names.map((name) => {
    const { effect, minified, own } = sizes[name]
    return [programs[name][0], ...[minified, own, effect, own + effect].map(String)]
  }),
  ratios: [
    ratio("`RetryPromise.retry` without `effect` / cockatiel", [sizes.retry.own / sizes.cockatiel.own]),
    ratio("`RetryPromise.retry` with `effect` / cockatiel", [
      (sizes.retry.own + sizes.retry.effect) / sizes.cockatiel.own
    ])
  ]
}

console.log(JSON.stringify([result]))
