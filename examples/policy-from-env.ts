/**
 * A policy that operators set: from the environment, or from JSON, and said back to them in a sentence.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { ConfigProvider, Console, Data, Duration, Effect, Schema } from "effect"
import { RetryPolicy, Stamina } from "effect-stamina"
import { deepStrictEqual, match, strictEqual } from "node:assert/strict"

class PaymentError extends Data.TaggedError("PaymentError")<{ readonly call: number }> {}

/** What the program is started with. Whatever is not set keeps its default; out of range, it is an error at once. */
const env = {
  PAYMENTS_ATTEMPTS: "3",
  PAYMENTS_TIMEOUT: "unlimited",
  PAYMENTS_WAIT_INITIAL: "5 millis",
  PAYMENTS_WAIT_JITTER: "0 millis"
}

const pay = Effect.gen(function*() {
  const policy = yield* RetryPolicy.config("PAYMENTS")
  yield* Console.log(RetryPolicy.describe(policy))
  // At most 3 attempts and no timeout; waits start at 5ms, double each time and never exceed 5s: at most 15ms of waiting in all.

  let call = 0
  return yield* Effect.suspend(() => Effect.fail(new PaymentError({ call: ++call }))).pipe(
    // a policy is plain data, and spreads into the options
    Stamina.retry({ ...policy, on: "PaymentError" })
  )
})

/** The same as a field of a configuration file. */
const Settings = Schema.Struct({ url: Schema.String, retry: RetryPolicy.Schema })
const json = `{ "url": "https://payments.example", "retry": { "attempts": 5, "timeout": "10 seconds" } }`

const withEnv = (env: Readonly<Record<string, string>>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

const program = Effect.gen(function*() {
  const error = yield* pay.pipe(withEnv(env), Effect.flip)
  const calls = error._tag === "PaymentError" ? error.call : undefined
  yield* Console.log(`gave up in call ${calls}`) // gave up in call 3
  strictEqual(calls, 3)

  const wrong = yield* pay.pipe(withEnv({ PAYMENTS_ATTEMPTS: "0" }), Effect.flip)
  yield* Console.log(wrong.message)
  // SchemaError(Expected an integer >= 1 or "unlimited", got "0"
  //   at ["PAYMENTS"]["ATTEMPTS"])
  strictEqual(wrong._tag, "ConfigError")
  match(wrong.message, /ATTEMPTS/)

  const settings = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Settings))(json)
  yield* Console.log(RetryPolicy.describe(settings.retry))
  // At most 5 attempts, no retry once 10s have passed; waits start at 100ms, double each time, gain up to 1s of jitter and never exceed 5s: at most 5.5s of waiting in all.
  strictEqual(settings.retry.attempts, 5)
  deepStrictEqual(settings.retry.timeout, Duration.seconds(10))
  deepStrictEqual(settings.retry.waitMax, RetryPolicy.defaults.waitMax)
})

NodeRuntime.runMain(program)
