/**
 * Names of events and reasons as others spell them: `GaveUp` is `gave_up` in telemetry, `AttemptsExhausted` is `attempts
 * exhausted` for people.
 */
export const caseOf = (name: string, between: "_" | " "): string =>
  name.replaceAll(/\B[A-Z]/g, `${between}$&`).toLowerCase()
