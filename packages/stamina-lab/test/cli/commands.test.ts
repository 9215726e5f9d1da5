import { RetryPolicy } from "effect-stamina"
import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import { assert, describe, it } from "vitest"
import { asJson, stamina } from "./kit.ts"

/** Runs a command that must go well, and gives what it prints. */
const printed = async (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>): Promise<string> => {
  const { code, stderr, stdout } = await stamina(args, env === undefined ? {} : { env })
  assert.strictEqual(stderr, "")
  assert.strictEqual(code, 0)
  return stdout
}

const parsed = async (args: ReadonlyArray<string>): Promise<object> => JSON.parse(await printed([...args, "--json"]))

/** The arguments in a text: none of them has a space. */
const argsOf = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

// oxlint-disable-next-line no-control-regex
const colors = /\u001b\[\d+m/g

describe("stamina lint", () => {
  it("exits with 0 where there is nothing worse than an info", async () => {
    assert.match(await printed(["lint", "{}"]), /^info jitter-lost-at-cap: From retry 7 on/)
    assert.strictEqual(await printed(["lint", "{\"attempts\":3}"]), "Nothing found.\n")
  })

  it("exits with 1 for an error, and for a warning if it is to be strict", async () => {
    const inSeconds = await stamina(["lint", "{\"timeout\":45}"])
    assert.strictEqual(inSeconds.code, 1)
    assert.match(inSeconds.stdout, /^error timeout-below-wait: /m)
    assert.strictEqual(inSeconds.stderr, "")

    const unreachable = ["lint", "{\"attempts\":50}"]
    assert.match(await printed(unreachable), /^warning attempts-unreachable:[^]*\{"attempts":15\}/)
    assert.strictEqual((await stamina([...unreachable, "--strict"])).code, 1)
    assert.strictEqual((await stamina([...unreachable, "--strict", "--ignore", "attempts-unreachable"])).code, 0)
  })

  it("prints what RetryLint finds, in the context that it is given", async () => {
    const given = ["--attempt-timeout", "10s", "--deadline", "15 seconds", "--outage", "1.5m", "--utilisation", "0.7"]
    const more = [
      "--other-attempts",
      "3",
      "--other-attempts",
      "2",
      "--budgeted-retries",
      "0.2",
      "--ignore",
      "overshoots"
    ]
    const { code, stdout } = await stamina(["lint", "{}", ...given, ...more, "--json"])
    assert.strictEqual(code, 1)
    assert.deepStrictEqual(
      JSON.parse(stdout),
      asJson(RetryLint.check(RetryPolicy.defaults, {
        attemptTimeout: 10_000,
        deadline: 15_000,
        outage: 90_000,
        utilisation: 0.7,
        otherAttempts: [3, 2],
        budgetedRetries: 0.2,
        ignore: ["overshoots"]
      }))
    )
  })
})

describe("stamina explain", () => {
  it("prints what RetryExplanation says", async () => {
    assert.deepStrictEqual(
      await parsed(["explain", "{\"backoff\":\"equal\"}", "--latency", "50", "--latency-p99", "1s", "--outage", "20s"]),
      asJson(RetryExplanation.explain(RetryPolicy.make({ backoff: "equal" }), {
        latency: { median: 50, p99: 1000 },
        outage: 20_000
      }))
    )
  })

  it("draws the waits: what is sure, and what chance adds", async () => {
    const text = await printed(["explain", "{\"attempts\":3,\"waitInitial\":\"1 second\",\"waitMax\":\"2 seconds\"}"])
    assert.include(
      text,
      [
        `1  ${"█".repeat(27)}${"░".repeat(27)}  1s to 2s, at 1s to 2s`,
        `2  ${"█".repeat(54)}  2s, at 3s to 4s`
      ].join("\n")
    )
  })

  it("draws 15 retries, and says that there are more", async () => {
    const text = await printed(["explain", "{\"attempts\":\"unlimited\",\"timeout\":\"unlimited\"}"])
    assert.match(text, /^15 {2}█[^]*^and so on$/m)
    assert.notMatch(text, /^16 {2}/m)
    assert.match(await printed(["explain", "{\"attempts\":30,\"timeout\":\"1 hour\"}"]), /^and so on until retry 29$/m)
  })

  it("draws nothing for a policy that does not retry", async () => {
    const text = await printed(["explain", "{\"attempts\":1}"])
    assert.match(text, /^One attempt, no retries\./)
    assert.notMatch(text, /█/)
  })
})

describe("stamina simulate", () => {
  it("prints what RetrySimulation.run makes of it", async () => {
    const { reasons, runs, succeeded, unfinished, ...distributions } = RetrySimulation.run(
      RetryPolicy.make({ attempts: 8 }),
      {
        failures: { outage: 12_000 },
        latency: { median: 50, p99: 2000 },
        attemptTimeout: 1000,
        deadline: 30_000,
        hints: { wait: 700, max: 5000, chance: 0.5 },
        budget: { capacity: 100, refill: 0.5 },
        runs: 5000,
        seed: 7
      }
    )
    const found = await parsed(argsOf(`
      simulate {"attempts":8} --outage 12s --latency 50ms --latency-p99 2s --attempt-timeout 1s
      --deadline 30s --hint 700ms --hint-max 5s --hint-chance 0.5
      --budget-capacity 100 --budget-refill 0.5 --runs 5000 --seed 7
    `))
    assert.isAbove(succeeded, 0)
    assert.isBelow(succeeded, runs)
    const of = ({ max, mean, min, quantile }: RetrySimulation.Distribution) => ({
      min,
      mean,
      max,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99)
    })
    const { attempts, duration, totalWait } = distributions
    assert.deepStrictEqual(
      found,
      asJson({
        runs,
        succeeded,
        unfinished,
        reasons,
        attempts: of(attempts),
        totalWait: of(totalWait),
        duration: of(duration),
        histogram: duration.histogram(12)
      })
    )
  })

  it("says how calls end, and draws how long they take", async () => {
    const text = await printed(["simulate", "{\"attempts\":8}", "--outage", "13s"])
    assert.match(text, /^Of 10 000 calls: [\d.]+ % succeed; [\d.]+ % give up: AttemptsExhausted\.\n/)
    assert.match(text, /^ {10} +min +p50 +p90 +p99 +max\nattempts +\d/m)
    assert.match(text, /^ *[\d.]+s {2}█+\S* +[\d.]+ %$/m)
    assert.match(
      await printed(["simulate", "{\"attempts\":3,\"waitJitter\":0}"], { COLUMNS: "500" }),
      /^Of 10 000 calls, of which every attempt fails: 0 % succeed; 100 % give up: AttemptsExhausted\.\n/
    )
  })

  it("does the same in a thread, where it takes long, and is quiet where nobody watches", async () => {
    const { duration, succeeded } = RetrySimulation.run(RetryPolicy.defaults, {
      failures: { chance: 0.2 },
      runs: 600_000
    })
    const found = await parsed(["simulate", "{}", "--chance", "0.2", "--runs", "600000"])
    assert.deepNestedInclude(found, { succeeded, "duration.p99": duration.quantile(0.99) })

    const { code, stderr } = await stamina(["simulate", "{}", "--chance", "2", "--runs", "600000"])
    assert.strictEqual(stderr, "error: RetrySimulation.run: failures.chance must be a number from 0 to 1, got 2\n")
    assert.strictEqual(code, 2)
  })
})

describe("a simulation that takes long", () => {
  it("is over when Ctrl-C is pressed", async () => {
    const unlimited = "{\"attempts\":1000,\"timeout\":\"unlimited\"}"
    const { code, stdout } = await stamina(["simulate", unlimited, "--runs", "200000"], { interruptAfter: 2000 })
    assert.strictEqual(stdout, "")
    assert.notStrictEqual(code, 0)
  })
})

describe("stamina fleet", () => {
  it("prints what RetrySimulation.fleet makes of it", async () => {
    const { latency, ...result } = RetrySimulation.fleet(RetryPolicy.make({ attempts: 4 }), {
      clients: 10,
      rate: 2,
      server: { capacity: 30, queue: 20, skipsAbandoned: true },
      trouble: { kind: "slow", from: 5000, lasts: 6000, factor: 0.25 },
      lasts: 20_000,
      attemptTimeout: 500,
      failures: 0.01,
      budget: { capacity: 10 },
      sharedBudget: true,
      step: 500,
      seed: 3
    })
    const found = await parsed(argsOf(`
      fleet {"attempts":4} --clients 10 --rate 2 --capacity 30 --queue 20
      --skips-abandoned --trouble slow --trouble-from 5s --trouble-lasts 6s
      --factor 0.25 --lasts 20s --attempt-timeout 500ms --chance 0.01
      --budget-capacity 10 --shared-budget --step 500ms --seed 3
    `))
    assert.isAbove(result.attempts, result.calls)
    assert.deepNestedInclude(found, { "latency.p50": latency.quantile(0.5) })
    assert.deepInclude(found, asJson(result))
  })

  it("says whether the server recovers", async () => {
    const alone = await printed(["fleet", "{}"])
    assert.include(alone.replaceAll("\n", " "), "Calls do not succeed again before the end")
    assert.match(
      await printed(["fleet", "{}", "--budget"], { COLUMNS: "500" }),
      /Calls succeed again (as soon as|[\d.]+s after) the trouble/
    )
    assert.notMatch(await printed(["fleet", "{}", "--trouble", "none"]), /trouble|again/)
  })

  it("writes what is no number of JSON as a word", async () => {
    assert.deepInclude(await parsed(["fleet", "{}"]), { recoveredAfter: "never" })
    assert.deepInclude(
      await parsed(["fleet", "{\"attempts\":1}", "--herd", "--clients", "3", "--trouble", "refuses"]),
      { latency: null, recoveredAfter: null }
    )
  })

  it("says nothing of a recovery that nobody can know of, and tells calls that have not ended from failures", async () => {
    const herd = await printed(["fleet", "{}", "--herd", "--clients", "50"], { COLUMNS: "500" })
    assert.notInclude(herd, "succeed again")
    assert.include(herd, "50 clients make one call each, all at once, for 1m.")
    const cut = await printed(["fleet", "{}", "--lasts", "15s"], { COLUMNS: "500" })
    assert.match(cut, /0 % of the calls give up, and [\d.]+ % have not ended/)
  })

  it("takes a step for as long as it is", async () => {
    const text = await printed(["fleet", "{}", "--lasts", "30s", "--step", "30s"], { COLUMNS: "200" })
    assert.include(text, " in 30s")
    assert.match(text, / 30s$/m)
  })

  it("draws each number over time", async () => {
    const text = await printed(["fleet", "{}"])
    for (const name of ["calls", "attempts", "succeeded", "gave up", "queue"]) {
      assert.match(text, new RegExp(`^ *${name} {2}[ ▁▂▃▄▅▆▇█]+ {2}up to [\\d ]+`, "m"))
    }
    assert.match(text, /^ +0 +1m$/m)
  })
})

describe("the screen", () => {
  const commands = [["explain", "{}"], ["lint", "{\"attempts\":50}"], ["simulate", "{}"], ["fleet", "{}"]]

  it("is as wide as COLUMNS says, and lines fit in it", async () => {
    for (const columns of [30, 53, 80]) {
      for (const args of commands) {
        const lines = (await printed(args, { COLUMNS: String(columns) })).split("\n")
        const longest = Math.max(...lines.map((line) => line.length))
        assert.isAtMost(longest, columns, `${args.join(" ")} at ${columns}`)
        assert.isAbove(longest, columns - 15, `${args.join(" ")} at ${columns}`)
      }
    }
  })

  it("is never wider than anybody reads", async () => {
    const lines = (await printed(["explain", "{}"], { COLUMNS: "1000000000" })).split("\n")
    assert.isAtMost(Math.max(...lines.map((line) => line.length)), 500)
  })

  it("says that a trouble lasts to the end, where it does", async () => {
    assert.match(await printed(["fleet", "{}", "--trouble-lasts", "5m"]), /The trouble lasts until the end/)
  })

  it("has colours where they are forced, none where it is no terminal or NO_COLOR is set", async () => {
    for (const args of commands) {
      const plain = await printed(args)
      const painted = await printed(args, { FORCE_COLOR: "1" })
      assert.notMatch(plain, colors)
      assert.match(painted, colors)
      assert.strictEqual(painted.replaceAll(colors, ""), plain)
      assert.strictEqual(await printed(args, { FORCE_COLOR: "1", NO_COLOR: "1" }), plain)
    }
    const { stderr } = await stamina(["lint"], { env: { FORCE_COLOR: "1" } })
    assert.isTrue(stderr.startsWith("\u001b[31merror\u001b[0m: No policy"))
    assert.match((await stamina(["lint"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stderr, /^error: No policy/)
  })
})
