/**
 * Tickets for attempts that may begin once. A ticket is known only in the process that issued it, and is used up when its
 * attempt begins. A recorded ticket that cannot be used means: this attempt has begun before, and its outcome was lost.
 */
import { WebCrypto } from "effect/crypto/WebCrypto"

/** Which process this is. An identity, so not from `Random`: no seed may make two processes the same. */
export const here: string = /*#__PURE__*/ WebCrypto.defaultValue().randomUUID()

const open = /*#__PURE__*/ new Set<string>()
let issued = 0

export const issue = (): string => {
  const ticket = `${here}/${++issued}`
  open.add(ticket)
  return ticket
}

/** Uses a ticket up; `false` if that cannot be done. */
export const use = (ticket: string): boolean => open.delete(ticket)

/** For an attempt that was suspended, and will begin again without having been lost. */
export const giveBack = (ticket: string): void => {
  open.add(ticket)
}
