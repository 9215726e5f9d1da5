/**
 * The options of `AiRetry`, and the kinds of trouble that it tells apart.
 *
 * @stability unstable
 * @since 0.2.0
 */
import type { AiErrorReason } from "effect/ai/AiError"
import type * as Duration from "effect/Duration"
import type { RetryBudget } from "../budget/RetryBudget.ts"
import type { AttemptsOptions, CommonOptions, DoorOptions } from "../drive/model.ts"
import type { Answer, FailedAttempt } from "../verdict/RetryOn.ts"

/**
 * The kinds of trouble with a model.
 *
 * **Details**
 *
 * | kind        | retried       | what it is                                                              |
 * | ----------- | ------------- | ----------------------------------------------------------------------- |
 * | `RateLimit` | yes           | too many requests or tokens in a window that ends                       |
 * | `Overload`  | yes           | the provider is overloaded: 503, 529                                    |
 * | `Server`    | yes           | another fault of the provider: 5xx, or a fault without a response       |
 * | `Network`   | yes           | no connection, or it broke                                              |
 * | `Output`    | 3 times in all | the model wrote what does not parse, or called a tool that there is not |
 * | `Quota`     | no            | nothing left to spend: waiting does not help, another provider may      |
 * | `Tool`      | no            | a handler failed: others of the same answer may have run                |
 * | `Final`     | no            | the request, the key, a policy, a certificate: it fails again           |
 *
 * @stability unstable
 * @category models
 * @since 0.2.0
 */
export type Kind = "RateLimit" | "Overload" | "Server" | "Network" | "Output" | "Quota" | "Tool" | "Final"

/**
 * How often one call may fail for a reason of `AiError`: an integer ≥ 1, or `Infinity`. The failure with that number comes
 * out.
 *
 * @stability unstable
 * @category models
 * @since 0.2.0
 */
export type Limits = { readonly [Reason in AiErrorReason["_tag"]]?: number | undefined }

/**
 * What the options of `AiRetry.retry` and `AiRetry.retryStream` have in common.
 *
 * @stability unstable
 * @category models
 * @since 0.2.0
 */
export interface CommonAiOptions extends CommonOptions, DoorOptions {
  /**
   * How often one call may fail for a reason. Default: 3 for `InvalidOutputError`, `StructuredOutputError`,
   * `ToolNotFoundError` and `ToolParameterValidationError`; for others, only `attempts` counts.
   */
  readonly limits?: Limits | undefined
  /**
   * The longest wait that a provider may ask for: ≥ 0, or `Duration.infinity`. If it asks for more, the run gives up.
   * Default: 60 s.
   */
  readonly maxHint?: Duration.Input | undefined
  /**
   * The retry budget: one for all calls, a function from provider and model (`"openai gpt-5"`) to one, or `"none"`. Default:
   * one for each provider and model in this process, from `AiRetry.Budgets`; none if no `Model` is provided around the
   * call.
   */
  readonly budget?: RetryBudget | ((model: string) => RetryBudget) | "none" | undefined
  /**
   * What else is retried, or is not: answers like an `on`; `undefined` keeps the default. It is asked about every error of
   * the effect. `limits` count whatever it answers. It must not throw. Default: nothing else.
   */
  readonly classify?: ((error: unknown, attempt: FailedAttempt) => Answer | undefined) | undefined
}

/**
 * The options of `AiRetry.retry`: those of `Stamina.retry` without `on`, and a few more. None is required.
 *
 * @stability unstable
 * @category models
 * @since 0.2.0
 */
export interface Options<out Timeout extends Duration.Input | undefined = undefined>
  extends CommonAiOptions, AttemptsOptions
{
  /**
   * How long one attempt may take: longer than 0. It is then interrupted and fails with `AttemptTimedOut`, which is retried.
   * Default: as long as it takes.
   */
  readonly attemptTimeout?: Timeout | undefined
}

/**
 * The options of `AiRetry.retryStream`.
 *
 * @stability unstable
 * @category models
 * @since 0.2.0
 */
export interface StreamOptions extends CommonAiOptions {}
