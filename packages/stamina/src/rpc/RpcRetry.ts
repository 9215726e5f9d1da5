/**
 * RPC: which failures of a call of `effect/rpc`, or of an entity of `effect/cluster`, are worth a retry.
 *
 * **Unstable**, like the parts of Effect that it is about: `effect/rpc` and `effect/cluster` may change in a minor release,
 * and this module with them. It has its own entry: `import * as RpcRetry from "effect-stamina/RpcRetry"`.
 *
 * @stability unstable
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import type * as Rpc from "effect/rpc/Rpc"
import { refuse } from "../tools/check.ts"
import { read } from "../tools/errors.ts"
import { AttemptTimedOut } from "../verdict/attemptTimedOut.ts"
import { judgingTimeouts } from "../verdict/forms.ts"
import { fateOf } from "./classify.ts"

/**
 * The annotation that a procedure may be done twice, as a query or an assignment may. Default `false`.
 *
 * **Example** (One procedure, or a whole group)
 *
 * ```ts
 * import { Context, Schema } from "effect"
 * import * as RpcRetry from "effect-stamina/RpcRetry"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const FindUser = Rpc.make("FindUser", { payload: { id: Schema.Int }, success: Schema.String })
 *   .annotate(RpcRetry.Idempotent, true)
 *
 * const Queries = RpcGroup.make(Rpc.make("ListUsers"), Rpc.make("CountUsers")).annotateRpcs(RpcRetry.Idempotent, true)
 *
 * const all = [FindUser, ...Queries.requests.values()]
 * console.log(all.map(({ annotations }) => Context.get(annotations, RpcRetry.Idempotent))) // [ true, true, true ]
 * ```
 *
 * @stability unstable
 * @category annotations
 * @since 0.2.0
 */
export const Idempotent: Context.Reference<boolean> = /*#__PURE__*/ Context.Reference(
  "effect-stamina/RpcRetry/Idempotent",
  {
    defaultValue: () => false
  }
)

/**
 * What is retried of the calls of a procedure: an `on` for every retry of this library.
 *
 * **Details**
 *
 * | error | retried |
 * | --- | --- |
 * | `SocketOpenError`: the socket never opened | always |
 * | `HttpError` of a connection that was never made: refused, no such host | always |
 * | `MailboxFull`: the entity did not take the message | always |
 * | `EntityNotAssignedToRunner`: the message reached a runner without the entity | always |
 * | `SocketReadError`, `SocketWriteError`: the connection broke | if {@link Idempotent} |
 * | `SocketCloseError` with 1000, 1001, 1006, 1011 to 1014 | if {@link Idempotent} |
 * | `HttpError` of another fault of the transport, or of a body that broke off | if {@link Idempotent} |
 * | `HttpError` of a status 408, 425, 429, 500, 502, 503, 504 | if {@link Idempotent} |
 * | `PersistenceError`, `RunnerUnavailable`: nobody knows whether the message is kept | if {@link Idempotent} |
 * | certificates, other codes and statuses, `SocketUpgradeError` | no |
 * | `RpcClientDefect`: the two do not speak the same protocol | no |
 * | `WorkerSpawnError` and the other errors of workers | no |
 * | `AlreadyProcessingMessage`, `MalformedMessage` | no |
 * | all others, such as those that the procedure declares | no |
 *
 * Throws a `RangeError` if `rpc` is no `Rpc`.
 *
 * **Gotchas**
 *
 * A status is an error only if the client says so: give `RpcClient.layerProtocolHttp` the option
 * `transformClient: HttpClient.filterStatusOk`. Without it, the page of a proxy comes as an `RpcClientDefect`.
 *
 * A server that shuts down in good order interrupts its calls, over a socket also on the client's side. An interruption is no
 * error, and never retried; `docs/rpc.md` makes an error of it.
 *
 * An `attemptTimeout` around it fails with `AttemptTimedOut`, which is retried only if the procedure is {@link Idempotent}.
 *
 * **Example** (A query that may be repeated)
 *
 * ```ts no-run
 * import { Effect, Schema } from "effect"
 * import { Stamina } from "effect-stamina"
 * import * as RpcRetry from "effect-stamina/RpcRetry"
 * import { Rpc, RpcClient, RpcGroup } from "effect/rpc"
 *
 * const FindUser = Rpc.make("FindUser", { payload: { id: Schema.Int }, success: Schema.String })
 *   .annotate(RpcRetry.Idempotent, true)
 * const Users = RpcGroup.make(FindUser)
 *
 * export const findUser = Effect.fn("findUser")(function*(id: number) {
 *   const client = yield* RpcClient.make(Users)
 *   return yield* client.FindUser({ id }).pipe(Stamina.retry({ on: RpcRetry.on(FindUser) }))
 * })
 * ```
 *
 * @stability unstable
 * @category classifying
 * @since 0.2.0
 */
export const on = (rpc: Rpc.Any): (error: unknown) => boolean => {
  // a class: it has the brand of an instance
  if (read(rpc, "~effect/rpc/Rpc") === undefined) return refuse("RpcRetry.on", "rpc", "an Rpc", rpc)
  const isIdempotent = Context.get(rpc.annotations, Idempotent)
  return judgingTimeouts((error: unknown) => {
    if (error instanceof AttemptTimedOut) return isIdempotent
    const fate = fateOf(error)
    return fate === "Unsent" || (fate === "Unknown" && isIdempotent)
  })
}
