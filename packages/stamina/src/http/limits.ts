/**
 * How much of a body is read that nobody has asked for.
 */

/** A longer body costs more than a new connection. */
export const maxBytes = 65_536

/** So does a body that takes longer, in milliseconds. */
export const maxMillis = 5000
