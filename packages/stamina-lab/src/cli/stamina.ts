/**
 * The command line as an effect.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { explain } from "./explain.ts"
import { Misuse } from "./failures.ts"
import { fleet } from "./fleet.ts"
import { lint } from "./lint.ts"
import { simulate } from "./simulate.ts"

const command = Command.make("stamina").pipe(
  Command.withDescription("See what a retry policy of effect-stamina does before it runs"),
  Command.withSubcommands([explain, lint, simulate, fleet])
)

/** Mistakes come alone: below a page of help, nobody finds them. */
const present: CliOutput.Presenter["present"] = Effect.fnUntraced(function*(event) {
  if (event._tag !== "InvalidInvocation") return yield* CliOutput.defaultPresenter.present(event)
  const messages = event.errors.map(({ message }) => message.trim())
  yield* complain([...messages, `See ${event.commandPath.join(" ")} --help`].join("\n"))
})

const complain = Effect.fnUntraced(function*(message: string) {
  const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
  yield* Console.error(`${canColor ? "\u001b[31merror\u001b[0m" : "error"}: ${message}`)
})

/** Runs the command line, fails with what has an exit code, and has said why by then. */
export const stamina = (version: string) =>
  Command.run(command, { version }).pipe(
    Effect.tapError((error) => error._tag === "Misuse" ? complain(error.message) : Effect.void),
    // mistakes, or the help in place of a command, have been shown
    Effect.catchTag("ShowHelp", ({ message }) => Effect.fail(new Misuse({ message }))),
    Effect.provideService(CliOutput.Presenter, { present }),
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]
    })
  )
