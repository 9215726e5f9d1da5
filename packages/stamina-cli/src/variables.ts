/**
 * The names of environment variables.
 */

/** The variable of a field of a policy: `PAYMENTS_WAIT_INITIAL`, as `RetryPolicy.config` reads it. */
export const variableOf = (prefix: string, field: string): string =>
  `${prefix}_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
