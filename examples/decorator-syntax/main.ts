/**
 * Compiles Users.ts and uses it. No JavaScript engine knows decorators yet, and Node only strips types, so TypeScript
 * has to turn them into JavaScript first.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect } from "effect"
import { strictEqual } from "node:assert/strict"
import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

class CompileError extends Data.TaggedError("CompileError")<{ readonly message: string }> {}

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc")
const source = join(import.meta.dirname, "Users.ts")
const outDir = join(import.meta.dirname, "..", ".tmp", "decorator-syntax")

/** All that matters here is a target that has no decorators of its own, and no `experimentalDecorators`. */
const flags = ["--target", "es2023", "--module", "nodenext", "--strict", "--rewriteRelativeImportExtensions"]

const compile = Effect.callback<void, CompileError>((resume) => {
  const args = [tsc, "--ignoreConfig", ...flags, "--types", "", "--skipLibCheck", "--outDir", outDir, source]
  const child = execFile(
    process.execPath,
    args,
    (error, stdout) =>
      resume(error ? Effect.fail(new CompileError({ message: `${error.message}\n${stdout}` })) : Effect.void)
  )
  return Effect.sync(() => child.kill())
})

const program = Effect.gen(function*() {
  yield* compile
  const file = pathToFileURL(join(outDir, "Users.js")).href
  const { Users } = yield* Effect.promise((): Promise<typeof import("./Users.ts")> => import(file))

  const users = new Users()
  const answer = yield* users.find(1)
  yield* Console.log(`${answer} in call ${users.calls}`) // GET /users/1 in call 3
  strictEqual(answer, "GET /users/1")
  strictEqual(users.calls, 3)
})

NodeRuntime.runMain(program)
