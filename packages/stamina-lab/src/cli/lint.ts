/**
 * `stamina lint`: what may be wrong with a policy.
 */
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Finding } from "../lint/RetryLint.ts"
import * as RetryLint from "../lint/RetryLint.ts"
import { context, toContext } from "./context.ts"
import { Objections, refused } from "./failures.ts"
import { findings } from "./findings.ts"
import * as flags from "./flags.ts"
import { screen } from "./screen.ts"
import { read, source } from "./source.ts"

const config = {
  ...source,
  ...context,
  strict: flags.toggle("strict", "Object to warnings, and not only to errors"),
  json: flags.json
}

export const lint = Command.make(
  "lint",
  config,
  Effect.fnUntraced(function*({ json, strict, ...given }) {
    const policy = yield* read(given)
    const found = yield* Effect.try({ try: () => RetryLint.check(policy, toContext(given)), catch: refused })
    if (json) yield* Console.log(JSON.stringify(found, null, 2))
    else yield* Console.log(found.length === 0 ? "Nothing found." : findings(found, yield* screen))
    if (found.some(isObjection(strict))) return yield* new Objections()
  })
).pipe(
  Command.withDescription("Find what may be wrong with a policy. Exits with 1 where that is an error"),
  Command.withExamples([
    {
      command: "stamina lint --env PAYMENTS --deadline 2s",
      description: "Variables PAYMENTS_*, for a caller that waits 2 s"
    },
    {
      command: "stamina lint --file settings.json --at payments.retry --strict",
      description: "In a build: warnings fail it"
    }
  ])
)

const isObjection = (strict: boolean) => ({ severity }: Finding): boolean =>
  severity === "error" || strict && severity === "warning"
