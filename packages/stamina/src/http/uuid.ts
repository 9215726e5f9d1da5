/**
 * Random identifiers for idempotency keys.
 */
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { WebCrypto } from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** From `SecureRandom` if that is provided, else from Web Crypto: `Random` may have been seeded. */
export const uuid: Effect.Effect<string> = /*#__PURE__*/ Effect.withFiber((fiber) => {
  const random = Context.getOption(fiber.context, SecureRandom.SecureRandom)
  const source = Option.getOrElse(random, () => {
    const crypto = fiber.getRef(WebCrypto)
    return SecureRandom.make((size) => crypto.getRandomValues(new Uint8Array(size)))
  })
  return source.uuidV4()
})
