import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as SqlRetry from "effect-stamina/SqlRetry"

const { make } = RetryPolicy
const unlimited = { attempts: Infinity, timeout: Duration.infinity } as const
const withoutEnd = { timeout: Duration.infinity } as const

interface Case {
  readonly severity: RetryLint.Severity
  readonly policy: RetryPolicy.RetryPolicy
  readonly context?: RetryLint.Context
}

interface Cases {
  /** Found. */
  readonly fires: ReadonlyArray<Case>
  /** Just not found. */
  readonly silent: ReadonlyArray<Omit<Case, "severity">>
}

const cases: Readonly<Record<RetryLint.Rule, Cases>> = {
  "single-attempt": {
    fires: [{ severity: "info", policy: make({ attempts: 1 }) }],
    silent: [{ policy: make({ attempts: 2 }) }]
  },
  "no-wait": {
    fires: [
      { severity: "warning", policy: make({ attempts: 4, waitInitial: 0, waitJitter: 0 }) },
      { severity: "warning", policy: make({ attempts: 10, backoff: "decorrelated", waitInitial: 0 }) },
      { severity: "warning", policy: make({ attempts: 10, waitMax: 0 }) },
      { severity: "warning", policy: make({ attempts: 10, backoff: [0, 0], waitJitter: 0 }) },
      { severity: "error", policy: make({ attempts: 11, waitInitial: 0, waitJitter: 0 }) },
      { severity: "error", policy: make({ ...unlimited, backoff: "full", waitInitial: 0 }) }
    ],
    silent: [
      { policy: make({ attempts: 3, waitInitial: 0, waitJitter: 0 }) },
      { policy: make({ attempts: 4, waitInitial: 0, waitJitter: 1 }) },
      { policy: make({ attempts: 4, backoff: [0, 0, 1], waitJitter: 0 }) }
    ]
  },
  "endless": {
    fires: [{ severity: "warning", policy: make(unlimited) }],
    silent: [{ policy: make({ ...unlimited, attempts: 1_000_000 }) }, {
      policy: make({ ...unlimited, timeout: "1 day" })
    }]
  },
  "runaway": {
    fires: [{ severity: "error", policy: make({ attempts: Infinity, waitExpBase: 0.5, waitJitter: 0 }) }],
    silent: [
      { policy: make({ attempts: 1_000_000, waitExpBase: 0.5, waitJitter: 0 }) },
      { policy: make({ attempts: Infinity, waitExpBase: 0.5, waitJitter: 45 }) }
    ]
  },
  "attempts-unreachable": {
    fires: [{ severity: "warning", policy: make({ attempts: 16 }) }],
    silent: [{ policy: make({ attempts: 15 }) }]
  },
  "attempts-unlikely": {
    fires: [{ severity: "info", policy: make({ attempts: 27, backoff: "equal", waitMax: 4000 }) }],
    silent: [{ policy: make({ attempts: 26, backoff: "equal", waitMax: 4000 }) }]
  },
  "timeout-unreachable": {
    fires: [
      { severity: "info", policy: make({ attempts: 3, timeout: "183 seconds" }) },
      { severity: "info", policy: make(), context: { attemptTimeout: 1769 } }
    ],
    silent: [
      { policy: make({ attempts: 3, timeout: "182 seconds" }) },
      { policy: make(), context: { attemptTimeout: 1771 } },
      { policy: make({ attempts: 3, timeout: Duration.infinity }) }
    ]
  },
  "timeout-below-wait": {
    fires: [{ severity: "error", policy: make({ timeout: 100 }) }],
    silent: [{ policy: make({ timeout: 101 }) }]
  },
  "unit-suspect": {
    fires: [
      { severity: "warning", policy: make({ waitInitial: 0.9 }) },
      { severity: "warning", policy: make({ timeout: 99, waitInitial: 10 }) },
      { severity: "warning", policy: make({ waitMax: 9 }) }
    ],
    silent: [
      { policy: make({ waitInitial: 1 }) },
      { policy: make({ waitInitial: 0 }) },
      { policy: make({ timeout: 100, waitInitial: 10 }) },
      { policy: make({ waitMax: 10 }) }
    ]
  },
  "no-jitter": {
    fires: [
      { severity: "warning", policy: make({ attempts: 3, waitJitter: 0 }) },
      { severity: "warning", policy: make({ backoff: "constant", waitInitial: 5000, waitJitter: 0, attempts: 3 }) },
      { severity: "warning", policy: make({ backoff: [100, 1000], waitJitter: 0, attempts: 3 }) },
      { severity: "warning", policy: make({ backoff: "linear", waitJitter: 0, attempts: 3 }) }
    ],
    silent: [
      { policy: make({ attempts: 2, waitJitter: 0 }) },
      { policy: make({ attempts: 3, waitJitter: 1 }) },
      { policy: make({ attempts: 3, backoff: "equal", waitJitter: 0 }) }
    ]
  },
  "jitter-lost-at-cap": {
    fires: [
      { severity: "info", policy: make() },
      { severity: "warning", policy: make({ waitJitter: 900 }) },
      { severity: "warning", policy: make({ backoff: "constant", waitInitial: 5000, waitMax: 5000 }) }
    ],
    silent: [
      // two waits at the cap are no waves yet
      { policy: make({ attempts: 9 }) },
      // so much chance that waves are gone
      { policy: make({ waitJitter: 4000 }) },
      { policy: make({ waitJitter: 0 }) },
      { policy: make({ backoff: "full" }) }
    ]
  },
  "jitter-thin": {
    fires: [
      { severity: "warning", policy: make({ attempts: 5, waitJitter: 39, waitInitial: 200 }) },
      { severity: "info", policy: make({ attempts: 4, waitJitter: 39, waitInitial: 200 }) },
      // no room for more below waitMax
      { severity: "info", policy: make({ waitJitter: 1, backoff: [0, 98_993], waitMax: 99_992 }) }
    ],
    silent: [
      { policy: make({ attempts: 4, waitJitter: 80, waitInitial: 200 }) },
      { policy: make({ attempts: 4, waitJitter: 1000, waitInitial: 20_000, waitMax: "1 hour" }) }
    ]
  },
  "jitter-swamps": {
    fires: [{ severity: "info", policy: make({ waitJitter: 5000 }) }],
    silent: [
      { policy: make({ waitJitter: 4999 }) },
      { policy: make({ waitJitter: 5000, backoff: "constant" }) },
      { policy: make({ waitJitter: 5000, attempts: 3 }) }
    ]
  },
  "field-unused": {
    fires: [
      { severity: "info", policy: make({ backoff: "full", waitJitter: 500 }) },
      { severity: "info", policy: make({ backoff: "linear", waitExpBase: 3 }) },
      { severity: "info", policy: make({ backoff: [100, 200], waitInitial: 50, waitExpBase: 3 }) }
    ],
    silent: [
      { policy: make({ backoff: "full", waitJitter: 0, waitExpBase: 3, waitInitial: 50 }) },
      { policy: make({ backoff: "linear", waitInitial: 50, waitJitter: 500 }) },
      { policy: make({ backoff: [100, 200], waitJitter: 500 }) }
    ]
  },
  "wait-capped": {
    fires: [
      { severity: "error", policy: make({ waitInitial: 5001, waitMax: 5000 }) },
      { severity: "error", policy: make({ backoff: "full", waitInitial: 5001, waitMax: 5000 }) },
      { severity: "error", policy: make({ backoff: [1000, 5001], waitMax: 5000 }) }
    ],
    silent: [
      { policy: make({ waitInitial: 5000, waitMax: 5000 }) },
      { policy: make({ backoff: [1000, 5000], waitMax: 5000 }) }
    ]
  },
  "list-unused": {
    fires: [{ severity: "warning", policy: make({ attempts: 3, backoff: [100, 200, 300] }) }],
    silent: [
      { policy: make({ attempts: 4, backoff: [100, 200, 300] }) },
      { policy: make({ attempts: Infinity, backoff: [100, 200, 300] }) }
    ]
  },
  "list-repeats": {
    fires: [{ severity: "info", policy: make({ attempts: 5, backoff: [100, 200, 300] }) }],
    silent: [
      { policy: make({ attempts: 4, backoff: [100, 200, 300] }) },
      { policy: make({ attempts: 5, backoff: [300] }) }
    ]
  },
  "waits-shrink": {
    fires: [
      { severity: "error", policy: make({ waitExpBase: 0 }) },
      { severity: "warning", policy: make({ waitExpBase: 0.99 }) },
      { severity: "info", policy: make({ backoff: [100, 99] }) }
    ],
    silent: [
      { policy: make({ waitExpBase: 1 }) },
      { policy: make({ waitExpBase: 0.99, backoff: "linear" }) },
      { policy: make({ waitExpBase: 0.99, waitInitial: 0 }) },
      { policy: make({ backoff: [100, 100] }) }
    ]
  },
  "no-growth": {
    fires: [
      { severity: "info", policy: make({ waitExpBase: 1 }) },
      { severity: "info", policy: make({ waitExpBase: 1, backoff: "full" }) }
    ],
    silent: [
      { policy: make({ waitExpBase: 1.01 }) },
      { policy: make({ backoff: "constant" }) },
      { policy: make({ waitExpBase: 1, waitInitial: 0 }) }
    ]
  },
  "no-growth-many": {
    fires: [
      { severity: "warning", policy: make({ attempts: 7, backoff: "constant", waitInitial: 900, waitJitter: 99 }) },
      { severity: "warning", policy: make({ attempts: 7, waitExpBase: 1, waitInitial: 900, waitJitter: 99 }) }
    ],
    silent: [
      { policy: make({ attempts: 6, backoff: "constant", waitInitial: 900, waitJitter: 99 }) },
      { policy: make({ attempts: 7, backoff: "constant", waitInitial: 900, waitJitter: 100 }) },
      { policy: make({ attempts: 7, waitExpBase: 1.01, waitInitial: 900, waitJitter: 99 }) }
    ]
  },
  "growth-steep": {
    fires: [{ severity: "info", policy: make({ waitExpBase: 10.1 }) }],
    silent: [{ policy: make({ waitExpBase: 10 }) }, { policy: make({ waitExpBase: 10.1, backoff: "constant" }) }]
  },
  "window-short": {
    fires: [{ severity: "info", policy: make({ attempts: 3, waitJitter: 99 }) }],
    silent: [{ policy: make({ attempts: 3, waitJitter: 100 }) }, { policy: make({ attempts: 2, waitJitter: 0 }) }]
  },
  "wait-max-unreached": {
    fires: [
      { severity: "info", policy: make({ attempts: 3, waitMax: "10 seconds" }) },
      { severity: "info", policy: make({ attempts: 3, backoff: [100, 1000], waitMax: 2001 }) }
    ],
    silent: [
      { policy: make({ attempts: 3 }) },
      { policy: make({ attempts: 3, waitMax: 1200 }) },
      { policy: make({ attempts: 3, backoff: [100, 1000], waitMax: 2000 }) }
    ]
  },
  "overshoots": {
    fires: [{ severity: "warning", policy: make({ timeout: 9999 }) }],
    silent: [
      { policy: make({ timeout: 10_000 }) },
      { policy: make({ timeout: 9999, overshoot: "refuse" }) },
      { policy: make({ timeout: 9999, attempts: 2, waitJitter: 9000, waitMax: 9000 }) }
    ]
  },
  "attempt-timeout-too-long": {
    fires: [{ severity: "error", policy: make(), context: { attemptTimeout: "45 seconds" } }],
    silent: [
      { policy: make(), context: { attemptTimeout: "44 seconds" } },
      { policy: make(withoutEnd), context: { attemptTimeout: "45 seconds" } }
    ]
  },
  "attempts-starved": {
    fires: [
      { severity: "warning", policy: make(), context: { attemptTimeout: "9 seconds" } },
      { severity: "info", policy: make(), context: { attemptTimeout: "3.5 seconds" } }
    ],
    silent: [
      { policy: make(), context: { attemptTimeout: "3 seconds" } },
      { policy: make(withoutEnd), context: { attemptTimeout: "9 seconds" } }
    ]
  },
  "beyond-deadline": {
    fires: [
      { severity: "error", policy: make(), context: { deadline: 100 } },
      { severity: "warning", policy: make(), context: { deadline: 21_300 } },
      { severity: "warning", policy: make(), context: { deadline: 38_000, attemptTimeout: 1000 } },
      { severity: "info", policy: make(), context: { deadline: 27_299 } }
    ],
    silent: [
      { policy: make(), context: { deadline: 27_300 } },
      { policy: make(), context: { deadline: 38_300, attemptTimeout: 1000 } },
      { policy: make({ ...unlimited, timeout: "1 second" }), context: { deadline: Duration.infinity } }
    ]
  },
  "nested": {
    fires: [
      { severity: "info", policy: make({ attempts: 5 }), context: { otherAttempts: [2] } },
      { severity: "warning", policy: make({ attempts: 3 }), context: { otherAttempts: [3, 3] } }
    ],
    silent: [
      { policy: make({ attempts: 3 }), context: { otherAttempts: [3] } },
      { policy: make({ attempts: 10 }), context: { otherAttempts: [] } }
    ]
  },
  "can-keep-down": {
    fires: [
      { severity: "error", policy: make({ attempts: 3 }), context: { utilisation: 0.34 } },
      { severity: "error", policy: make(unlimited), context: { utilisation: 0.01 } },
      { severity: "warning", policy: make(), context: { utilisation: 0.84, budgetedRetries: 0.2 } }
    ],
    silent: [
      { policy: make({ attempts: 3 }), context: { utilisation: 0.33 } },
      { policy: make(), context: { utilisation: 0.83, budgetedRetries: 0.2 } },
      { policy: make(), context: { utilisation: 0.99, budgetedRetries: 0 } }
    ]
  },
  "outage-outlasts": {
    fires: [
      { severity: "error", policy: make(), context: { outage: 27_301 } },
      { severity: "warning", policy: make(), context: { outage: 24_000 } },
      { severity: "error", policy: make({ ...unlimited, timeout: "10 seconds" }), context: { outage: "1 minute" } },
      { severity: "error", policy: make({ attempts: 3, ...withoutEnd }), context: { outage: "1 minute" } }
    ],
    silent: [{ policy: make(), context: { outage: 22_000 } }]
  }
}

const ofRule = (rule: string, { context, policy }: Omit<Case, "severity">) =>
  RetryLint.check(policy, context).filter((finding) => finding.rule === rule)

describe("RetryLint.check", () => {
  describe.each(Object.entries(cases))("%s", (rule, { fires, silent }) => {
    it.each(fires.map((one) => [one.severity, one] as const))("fires, as %s", (severity, one) => {
      const found = ofRule(rule, one)
      assert.lengthOf(found, 1)
      assert.strictEqual(found[0]!.severity, severity)
      assert.match(found[0]!.message, /\.$/)
      assert.notMatch(found[0]!.message, /NaN|undefined|Infinity/)
      assert.isNotEmpty(found[0]!.fields)
    })

    it.each(silent.map((one) => [one] as const))("just does not fire", (one) => {
      assert.isEmpty(ofRule(rule, one))
    })

    it.each(fires.map((one) => [one] as const))("is silenced by its fix, or by being ignored", (one) => {
      const [{ fix } = { fix: undefined }] = ofRule(rule, one)
      assert.isEmpty(ofRule(rule, { ...one, context: { ...one.context, ignore: [rule as RetryLint.Rule] } }))
      if (fix === undefined) return
      assert.deepStrictEqual(JSON.parse(JSON.stringify(fix)), fix)
      assert.isEmpty(ofRule(rule, { ...one, policy: make({ ...one.policy, ...fix }) }))
    })
  })

  it("names a fix for these rules", () => {
    const fixed = Object.entries(cases).filter(([rule, { fires }]) => fires.some((one) => ofRule(rule, one)[0]?.fix))
    assert.deepStrictEqual(fixed.map(([rule]) => rule), [
      "no-wait",
      "endless",
      "runaway",
      "attempts-unreachable",
      "attempts-unlikely",
      "timeout-unreachable",
      "unit-suspect",
      "no-jitter",
      "jitter-lost-at-cap",
      "jitter-thin",
      "field-unused",
      "wait-capped",
      "list-unused",
      "waits-shrink",
      "no-growth",
      "no-growth-many",
      "overshoots",
      "outage-outlasts"
    ])
  })

  it("says nothing else of a single attempt", () => {
    const policy = make({ attempts: 1, waitInitial: 0.1, waitJitter: 0 })
    assert.deepStrictEqual(RetryLint.check(policy, { deadline: 1 }).map(({ rule }) => rule), ["single-attempt"])
  })

  it("finds in the defaults that jitter is lost at the cap, and in those for SQL nothing", () => {
    const rules = (policy: RetryPolicy.RetryPolicy) =>
      RetryLint.check(policy).map(({ rule, severity }) => `${severity} ${rule}`)
    assert.deepStrictEqual(rules(RetryPolicy.defaults), ["info jitter-lost-at-cap"])
    assert.deepStrictEqual(rules(SqlRetry.defaults), [])
  })

  it("takes lists of more waits than a function takes arguments", () => {
    const waits = Array.from({ length: 150_000 }, (_, i) => i)
    const [first = 0, ...rest] = waits
    const policy = make({ backoff: [first, ...rest], waitJitter: 0, waitMax: 1000, attempts: 10 })
    const fixes = RetryLint.check(policy).map(({ rule }) => rule)
    assert.include(fixes, "wait-capped")
    assert.include(fixes, "no-jitter")
  })

  it("lists its rules as they are documented", () => {
    assert.deepStrictEqual(RetryLint.rules, Object.keys(cases) as Array<RetryLint.Rule>)
  })

  it.each([
    [{ attemptTimeout: 0 }, "attemptTimeout must be a duration > 0"],
    [{ deadline: -1 }, "deadline must be a duration > 0"],
    [{ outage: Duration.infinity }, "outage must be a finite duration >= 0"],
    [{ otherAttempts: [0] }, "otherAttempts must be an array of numbers >= 1, got 0"],
    [{ utilisation: 70 }, "utilisation must be a number from 0 to 1, got 70"],
    [{ budgetedRetries: NaN }, "budgetedRetries must be a number >= 0, got NaN"],
    [{ ignore: ["no-such"] }, "ignore must be an array of rules, got \"no-such\""],
    [{ attemptTimout: 1 }, "unknown option \"attemptTimout\""]
  ])("refuses the context %j", (context, message) => {
    assert.throws(
      () => RetryLint.check(make(), context as RetryLint.Context),
      RangeError,
      `RetryLint.check: ${message}`
    )
  })
})
