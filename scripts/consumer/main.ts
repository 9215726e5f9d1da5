/**
 * A project that installed the package from npm: `scripts/package.ts` copies it out of the workspace and runs it. Beside
 * it, in `wrappers`, stands a library that wraps the package, and in `users` what that library's users write.
 */
import { Data, Effect } from "effect"
import { RetryPolicy, Stamina, staminaSchedule } from "effect-stamina"
import { RetryLint } from "effect-stamina-lab"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import { decide } from "effect-stamina/Decision"
import * as HttpRetry from "effect-stamina/HttpRetry"
import { HttpClient, HttpClientResponse } from "effect/http"
import * as assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

class HttpError extends Data.TaggedError("HttpError")<{ readonly status: number }> {}

const flaky = () => {
  let calls = 0
  return Effect.suspend(() => ++calls < 3 ? Effect.fail(new HttpError({ status: 503 })) : Effect.succeed(calls))
}
const quick = { ...RetryPolicy.make({ attempts: 3, waitInitial: 1, waitJitter: 0 }), on: "HttpError" } as const

assert.equal(await Effect.runPromise(flaky().pipe(Stamina.retry(quick))), 3)
assert.equal(await Effect.runPromise(flaky().pipe(Effect.retry(staminaSchedule(quick)))), 3)
assert.equal(typeof decide, "function")

const statuses = [503, 429]
const client: HttpClient.HttpClient = HttpClient.make((request) =>
  Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(null, { status: statuses.shift() ?? 200 })))
).pipe(HttpRetry.retry({ attempts: 3, waitInitial: 1, waitJitter: 0 }))
assert.equal((await Effect.runPromise(client.get("http://localhost/"))).status, 200)

// @ts-expect-error: a tag that it cannot fail with
export const typo = flaky().pipe(Stamina.retry({ on: "HtpError" }))

// the lab works with the very policies
assert.deepEqual(RetryLint.check(RetryPolicy.make({ attempts: 3 })), [])
assert.equal(RetrySimulation.run(RetryPolicy.make({ attempts: 3 }), { runs: 10 }).attempts.max, 3)

// what is exported opens, and nothing else does
for (const name of ["effect-stamina", "effect-stamina-lab"]) {
  const manifest = fileURLToPath(import.meta.resolve(`${name}/package.json`))
  const { exports }: { readonly exports: Readonly<Record<string, string>> } = JSON.parse(readFileSync(manifest, "utf8"))
  const open = Object.keys(exports).filter((subpath) => subpath !== "./package.json")
  for (const subpath of open) assert.ok(await import(name + subpath.slice(1)), subpath)

  const modules = readdirSync(join(manifest, "..", "dist"), { encoding: "utf8", recursive: true })
    .filter((file) => file.endsWith(".js"))
    .map((file) => file.replaceAll("\\", "/").replace(/\.js$/, ""))
  assert.ok(modules.length > open.length)
  for (const module of modules) {
    for (const closed of new Set([module, basename(module), `dist/${module}.js`, `src/${module}.ts`])) {
      if (open.includes(`./${closed}`)) continue
      await assert.rejects(import(`${name}/${closed}`), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" }, closed)
    }
  }
}
