import { Exit, Option } from "effect"
import { type Decision, Stamina } from "effect-stamina"

/** Why a run gave up: asked of an error, of a cause, or of the exit of an effect, which has no reason if it succeeded. */
export const reasonOf = (what: unknown): Decision.GiveUpReason | undefined => {
  if (Exit.isExit(what)) return Exit.isFailure(what) ? reasonOf(what.cause) : undefined
  return Option.getOrUndefined(Option.map(Stamina.report(what), ({ reason }) => reason))
}
