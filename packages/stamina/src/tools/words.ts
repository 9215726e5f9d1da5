/**
 * Names of events and reasons as others spell them: `gaveUp` is `gave_up` in telemetry, `AttemptsExhausted` is `attempts
 * exhausted` for people.
 */
export const words = (name: string, between: string): string =>
  name.replaceAll(/\B[A-Z]/g, `${between}$&`).toLowerCase()
