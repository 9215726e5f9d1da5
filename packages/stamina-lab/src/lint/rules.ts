/**
 * What each rule finds, why, an example, and when to ignore it.
 */
import type { Encoded } from "effect-stamina/RetryPolicy"
import type { Context, Rule } from "./model.ts"

/**
 * A rule in words. The wording may change between versions.
 *
 * @category models
 * @since 0.2.0
 */
export interface RuleText {
  /** How bad its findings are. */
  readonly severity: string
  /** What it finds. "Never" and "always" mean: for all random numbers, and however long calls take. */
  readonly finds: string
  /** Why that is worth a finding. */
  readonly why: string
  /** A policy in JSON in which it finds something, and where that is used. */
  readonly example: { readonly policy: Encoded; readonly context?: Omit<Context, "ignore"> | undefined }
  /** When to ignore it. */
  readonly ignore: string
}

/** A text for every rule. A rule without one does not compile. */
export const texts: Readonly<Record<Rule, RuleText>> = {
  "single-attempt": {
    severity: "info",
    finds: "One attempt: nothing is retried, and no other field has an effect.",
    why: "Attempts count calls, not retries. Whoever means one retry writes 2.",
    example: { policy: { attempts: 1 } },
    ignore: "Retries are switched off on purpose."
  },
  "no-wait": {
    severity: "error above 10 attempts, else warning",
    finds: "Every wait is 0, and there are more than 3 attempts.",
    why: "Most faults last longer than one call. All attempts are made before the fault is over, and add load.",
    example: { policy: { attempts: 4, waitInitial: 0, waitJitter: 0 } },
    ignore: "Each attempt goes to another server, or only a lost race is retried."
  },
  "endless": {
    severity: "warning",
    finds: "Neither attempts nor time are limited.",
    why: "What never recovers is retried for ever, and nobody hears of the failure.",
    example: { policy: { attempts: "unlimited", timeout: "unlimited" } },
    ignore: "A worker reconnects to its only server."
  },
  "runaway": {
    severity: "error",
    finds: "More than 1000 calls fit in the timeout, and nothing else limits them.",
    why: "Waits do not grow, so one failing call becomes a flood.",
    example: { policy: { attempts: "unlimited", waitExpBase: 0.5, waitJitter: 0 } },
    ignore: "Never, in a policy for a network."
  },
  "attempts-unreachable": {
    severity: "warning",
    finds: "The timeout ends every run before all attempts are made.",
    why: "One of the two limits has no effect. If the timeout is the default, it is likely to be too short.",
    example: { policy: { attempts: 50 } },
    ignore: "The timeout is the limit that counts. Then attempts can as well be unlimited."
  },
  "attempts-unlikely": {
    severity: "info",
    finds: "With average waits, the timeout ends a run after less than 80 % of the attempts.",
    why: "Runs end earlier than the number of attempts says.",
    example: { policy: { attempts: 27, backoff: "equal", waitMax: "4 seconds" } },
    ignore: "The timeout is the limit that counts."
  },
  "timeout-unreachable": {
    severity: "info",
    finds: "No run gets to the timeout, or only if calls take more than a minute on average.",
    why: "The timeout has no effect. A shorter one says how long a run really takes.",
    example: { policy: { attempts: 3 }, context: { attemptTimeout: 10_000 } },
    ignore: "The timeout is a default for several policies."
  },
  "timeout-below-wait": {
    severity: "error",
    finds: "The timeout is no longer than the first wait.",
    why: "There is one retry at most. A bare number is milliseconds, and seconds may be meant.",
    example: { policy: { timeout: 45 } },
    ignore: "Never: write attempts: 2 for one retry."
  },
  "unit-suspect": {
    severity: "warning",
    finds: "Times too short for a network: a wait below a millisecond, a timeout below 100 ms, a waitMax below 10 ms.",
    why: "A bare number is milliseconds, and seconds may be meant.",
    example: { policy: { waitInitial: 1, waitMax: 5 } },
    ignore: "Calls stay within one machine."
  },
  "no-jitter": {
    severity: "warning",
    finds: "No wait depends on chance.",
    why: "Clients that fail together come back together, and overload the server again.",
    example: { policy: { waitJitter: 0 } },
    ignore: "There is one client, or a test wants waits that it knows."
  },
  "jitter-lost-at-cap": {
    severity: "warning, or info",
    finds: "Waits at waitMax are all equal.",
    why: "Jitter is added below waitMax. Clients that failed together come in waves once their waits are that long.",
    example: { policy: {} },
    ignore: "There are few clients. The default policy has this finding, since it waits as Python's stamina does."
  },
  "jitter-thin": {
    severity: "warning, or info up to 3 retries",
    finds: "Jitter that makes up less than a tenth of most waits, and less than a second.",
    why: "Clients that failed together come back almost together.",
    example: { policy: { waitJitter: 1 } },
    ignore: "There are few clients."
  },
  "jitter-swamps": {
    severity: "info",
    finds: "Jitter as long as the longest wait.",
    why: "Chance hides that waits grow: the first wait can be the longest.",
    example: { policy: { waitJitter: "5 seconds" } },
    ignore: "The waits are to be spread as far as they can be."
  },
  "field-unused": {
    severity: "info",
    finds: "A field that the shape of the backoff does not use.",
    why: "Whoever reads the policy takes it for an effect. Leave the field out.",
    example: { policy: { backoff: "decorrelated", waitJitter: "20%" } },
    ignore: "Several policies share the field, and have different shapes."
  },
  "wait-capped": {
    severity: "error",
    finds: "A wait that was asked for is longer than waitMax.",
    why: "It is cut to waitMax: the policy waits less than it says.",
    example: { policy: { waitInitial: "10 seconds", waitMax: "5 seconds" } },
    ignore: "Never: make one of the two fields say what is meant."
  },
  "list-unused": {
    severity: "warning",
    finds: "The list has more waits than there are retries.",
    why: "The last waits are never waited. Attempts count calls, and a list counts the waits between them.",
    example: { policy: { attempts: 3, backoff: ["1 second", "2 seconds", "3 seconds"] } },
    ignore: "Several policies share the list."
  },
  "list-repeats": {
    severity: "info",
    finds: "The list has fewer waits than there can be retries.",
    why: "The last wait is waited again and again.",
    example: { policy: { backoff: ["1 second", "2 seconds"] } },
    ignore: "The last wait is to repeat."
  },
  "waits-shrink": {
    severity: "error, warning or info",
    finds: "Later waits are shorter than earlier ones.",
    why: "Calls come faster the longer the trouble lasts.",
    example: { policy: { waitExpBase: 0.5 } },
    ignore: "The list has a long wait first because the server needs it."
  },
  "no-growth": {
    severity: "info",
    finds: "An exponential shape with base 1.",
    why: "Waits do not grow. backoff: \"constant\" says so plainly.",
    example: { policy: { waitExpBase: 1 } },
    ignore: "The base comes from settings, and 1 is one of its values."
  },
  "no-growth-many": {
    severity: "warning",
    finds: "More than 5 retries with equal waits of less than a second.",
    why: "A server in trouble gets no relief.",
    example: { policy: { backoff: "constant", waitJitter: "100 millis" } },
    ignore: "The other side is a queue or a lock, which short polls do not hurt."
  },
  "growth-steep": {
    severity: "info",
    finds: "A base above 10.",
    why: "The third wait is more than a hundred times the first.",
    example: { policy: { waitExpBase: 11 } },
    ignore: "The first retry is for a bad reply, and the others for an outage."
  },
  "window-short": {
    severity: "info",
    finds: "All waits together take less than half a second.",
    why: "Retries help against a single bad reply, and not against an outage.",
    example: { policy: { attempts: 3, waitJitter: 0 } },
    ignore: "Somebody waits for the answer, and a single bad reply is what is retried."
  },
  "overshoots": {
    severity: "warning",
    finds: "A run can end long after its timeout.",
    why: "A wait that begins just before the timeout is not shortened. overshoot: \"refuse\" does not begin it.",
    example: { policy: { timeout: "5 seconds" } },
    ignore: "The timeout is a goal, and not a limit."
  },
  "attempt-timeout-too-long": {
    severity: "error",
    finds: "attemptTimeout is no shorter than the timeout.",
    why: "A call that hangs is never retried. If the timeout is the default, it is likely to be too short.",
    example: { policy: {}, context: { attemptTimeout: 60_000 } },
    ignore: "Never: make attemptTimeout a part of the timeout."
  },
  "attempts-starved": {
    severity: "warning at half or less, else info",
    finds: "If every call hangs for attemptTimeout, not all attempts fit in the timeout.",
    why: "In the worst outage, there are fewer attempts than the policy says.",
    example: { policy: { attempts: 5 }, context: { attemptTimeout: 20_000 } },
    ignore: "Calls do not hang: attemptTimeout is there for the rare one that does."
  },
  "beyond-deadline": {
    severity: "error, warning or info",
    finds: "The deadline leaves no room for the attempts, or for the waits.",
    why: "The caller has gone before the run ends, so later attempts are for nobody.",
    example: { policy: {}, context: { deadline: 2000 } },
    ignore: "The result is of use after the caller has gone."
  },
  "nested": {
    severity: "warning above 25 calls, info above 9",
    finds: "Retries in other layers multiply the calls.",
    why: "Three layers of 3 attempts make 27 calls of one.",
    example: { policy: { attempts: 4 }, context: { otherAttempts: [3] } },
    ignore: "The layers retry different errors."
  },
  "can-keep-down": {
    severity: "error, or warning with a budget",
    finds: "At this utilisation, retries can keep an overloaded server down.",
    why: "Retries add more load than the server can serve, so the overload keeps itself going. A retry budget ends it.",
    example: { policy: {}, context: { utilisation: 0.7 } },
    ignore: "The server sheds load by itself, and is quick to refuse."
  },
  "outage-outlasts": {
    severity: "warning",
    finds: "No run waits as long as the outage lasts.",
    why: "Every call that begins with the outage fails.",
    example: { policy: {}, context: { outage: 60_000 } },
    ignore: "Nobody can wait that long: the failure is to be shown."
  }
}
