/**
 * Runs the packed packages in each runtime that they are meant for: a program (scripts/consumer/anywhere.ts) that retries
 * in every way, and the command line. The runtimes come from npm, at the versions below. They are what
 * docs/compatibility.md speaks of. A browser runs the program as well, if the machine has one: `.ci/install chromium`.
 *
 * In each, the stack of an error that comes out of a retried promise must show its caller. Each runtime also meets the faults of `packages/stamina/test/kit/faults` on real sockets. What they look like there must
 * be what docs/http-faults.md shows; `--update` writes that page.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rolldown } from "rolldown"
import { open } from "../packages/stamina/test/kit/faults/FaultServer.ts"
import { problemsOf, type Sight } from "../packages/stamina/test/kit/faults/probe.ts"
import { withSights } from "./lib/faultPage.ts"
import * as packed from "./lib/packed.ts"
import { must, outside, readJson } from "./lib/packed.ts"
import { pnpm, report, root, run } from "./lib/run.ts"

interface Runtime {
  /** The package on npm, which is the name of its program. */
  readonly name: string
  readonly version: string
  /** What stands before the name of a program that it runs. */
  readonly args: ReadonlyArray<string>
  /** What stands there as well when the program meets faults. */
  readonly network: ReadonlyArray<string>
}

const node = (version: string): Runtime => ({ name: "node", version, args: [], network: [] })

const runtimes: ReadonlyArray<Runtime> = [
  node("20.3.0"), // the lowest of `engines`
  node("20.20.2"),
  node("22.23.3"),
  node("24.21.0"),
  { name: "bun", version: "1.4.5", args: ["run"], network: [] },
  // it may read files and variables, and use no network but for faults
  {
    name: "deno",
    version: "2.9.6",
    args: ["run", "--no-prompt", "--allow-read", "--allow-env"],
    network: ["--allow-net=127.0.0.1,nowhere.invalid"]
  }
]

const named = ({ name, version }: Runtime): string => `${name} ${version}`

/** Installs a runtime from npm, and gives its program; nothing where npm does not have it, or is not there. */
const fetched = async ({ name, version }: Runtime, folder: string): Promise<string | undefined> => {
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: version } }))
  // its install script puts the program in place
  writeFileSync(join(folder, "pnpm-workspace.yaml"), `allowBuilds:\n  ${name}: true\n`)
  const { ok } = await run(pnpm, ["install", "--prefer-offline"], { cwd: folder, env: outside, timeLimit: 120_000 })
  const program = join(folder, "node_modules", ".bin", name)
  return ok && (await run(program, ["--version"])).ok ? program : undefined
}

const chromium = "chromium"

/** Bundles the program into a page that shows what it says, and opens that page in the Chromium that the machine has. */
const inBrowser = async (main: string, folder: string): Promise<string> => {
  const bundle = await rolldown({ input: main, platform: "browser", logLevel: "silent" })
  const { output: [{ code }] } = await bundle.generate({ format: "esm", codeSplitting: false })
  await bundle.close()
  const page = join(folder, "page.html")
  writeFileSync(
    page,
    `<body><script>
const show = (text) => { document.body.textContent = text }
console.log = show
addEventListener("error", (event) => show(event.message))
addEventListener("unhandledrejection", (event) => show(String(event.reason)))
</script><script type="module">${code.replaceAll("</script", "<\\/script")}</script>`
  )
  const profile = `--user-data-dir=${join(folder, "profile")}`
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    profile,
    "--virtual-time-budget=5000",
    "--dump-dom",
    page
  ]
  const dom = await must(chromium, args, { timeLimit: 60_000 })
  return /<body>([^<]*)/.exec(dom)?.[1]?.trim() ?? dom
}

/** Effect's clients for Node.js, and undici below them, at the versions that this workspace has. */
const clientsOfNode = (): Readonly<Record<string, string>> => {
  const platform = createRequire(import.meta.resolve("@effect/platform-node"))
  const names = ["@effect/platform-node", "undici"]
  return Object.fromEntries(names.map((name) => [name, readJson(platform.resolve(`${name}/package.json`)).version]))
}

/** Bundles a program of the kit of tests so that it finds the packages beside it. */
const bundled = async (folder: string, name: string, ...path: ReadonlyArray<string>): Promise<string> => {
  const bundle = await rolldown({
    input: join(root, "packages", "stamina", "test", "kit", ...path),
    platform: "node",
    external: /^(?:effect|effect-stamina|@effect\/platform-node)(?:\/|$)/
  })
  const program = join(folder, name)
  await bundle.write({ file: program, format: "esm", codeSplitting: false })
  await bundle.close()
  return program
}

/** Bundles the suite of faults, and opens the servers. */
const prepareFaults = async (folder: string) => {
  const program = await bundled(folder, "faults.js", "faults", "main.ts")

  const { close, places } = await open()
  const placesFile = join(folder, "places.json")
  const certificate = join(folder, "certificate.pem")
  writeFileSync(placesFile, JSON.stringify(places))
  writeFileSync(certificate, places.ca)
  return { close, args: [program, placesFile], env: { DENO_CERT: certificate } }
}

/** Compares the page of faults with what was seen, or writes it. */
const checkPage = async (sights: ReadonlyArray<Sight>): Promise<ReadonlyArray<string>> => {
  const page = join(root, "docs", "http-faults.md")
  const before = readFileSync(page, "utf8")
  writeFileSync(page, withSights(before, sights))
  await must("dprint", ["fmt", page])
  const after = readFileSync(page, "utf8")
  if (process.argv.includes("--update") || after === before) return []
  writeFileSync(page, before)
  const lines = new Set(before.split("\n"))
  const changed = after.split("\n").filter((line) => !lines.has(line))
  return [
    `docs/http-faults.md shows other faults than were seen: npx -y pnpm@12 runtimes --update\n${changed.join("\n")}`
  ]
}

const folder = mkdtempSync(join(tmpdir(), "effect-stamina-runtimes-"))
try {
  const consumer = join(folder, "consumer")
  const names = ["effect-stamina", packed.lab]
  const tarballs: Record<string, string> = {}
  for (const name of names) tarballs[name] = await packed.pack(name)
  await packed.install(tarballs, consumer, clientsOfNode())
  await packed.compiler(consumer)(consumer)
  const entries = names.flatMap((name) => {
    const { exports } = readJson(join(consumer, "node_modules", name, "package.json"))
    return Object.keys(exports).filter((subpath) => subpath !== "./package.json").map((subpath) =>
      name + subpath.slice(1)
    )
  })
  const commandLine = await packed.unpackCommandLine(tarballs[packed.lab] ?? "", folder)

  const stacks = await bundled(consumer, "stacks.js", "stacksMain.ts")
  const faults = await prepareFaults(consumer)
  // of a client that is seen in several versions the last one counts
  const seen = new Map<string, ReadonlyArray<Sight>>()

  const ran: Array<string> = []
  let complete = true
  const problems: Array<string> = []
  for (const [index, runtime] of runtimes.entries()) {
    const program = await fetched(runtime, join(folder, String(index)))
    if (program === undefined) {
      console.log(`skipped: ${named(runtime)}, which could not be installed`)
      complete = false
      continue
    }
    const options = { cwd: consumer, env: { ...outside, DENO_NO_UPDATE_CHECK: "1" }, timeLimit: 60_000 }
    try {
      const main = join(consumer, "out", "anywhere.js")
      const said = await must(program, [...runtime.args, main, ...entries], options)
      if (said !== `${entries.length} entry points\n`) throw new Error(`the program says ${said}`)
      const hidden: ReadonlyArray<string> = JSON.parse(await must(program, [...runtime.args, stacks], options))
      problems.push(...hidden.map((what) => `${named(runtime)}: the stack hides the caller: ${what}`))
      packed.expectFinding(await must(program, [...runtime.args, commandLine, ...packed.lintOnce], options))
      const args = [...runtime.args, ...runtime.network, ...faults.args]
      const sights: ReadonlyArray<Sight> = JSON.parse(
        await must(program, args, { ...options, env: { ...options.env, ...faults.env } })
      )
      problems.push(...problemsOf(sights).map((problem) => `${named(runtime)}: ${problem}`))
      for (const { subject } of sights) seen.set(subject, sights.filter((sight) => sight.subject === subject))
      ran.push(named(runtime))
    } catch (error) {
      problems.push(`${named(runtime)}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  await faults.close()
  if (complete && problems.length === 0) problems.push(...await checkPage([...seen.values()].flat()))

  const browser = await run(chromium, ["--version"])
  if (browser.ok) {
    const said = await inBrowser(join(consumer, "out", "anywhere.js"), folder)
    if (said === "0 entry points") ran.push(`chromium ${/[\d.]+/.exec(browser.stdout)?.[0]}`)
    else problems.push(`chromium: the program says ${said}`)
  } else {
    console.log("skipped: chromium, which the machine does not have")
  }
  report(problems, ran.join(", "))
} catch (error) {
  report([error instanceof Error ? error.message : String(error)], "")
} finally {
  rmSync(folder, { recursive: true, force: true })
}
