import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Around, stamina } from "./kit.ts"

let folder = ""
let settings = ""

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stamina-cli-"))
  settings = join(folder, "settings.json")
  writeFileSync(settings, JSON.stringify({ payments: { url: "/", retry: { attempts: 3 } } }))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The first words of an explanation. */
const explained = async (args: ReadonlyArray<string>, around?: Around): Promise<string> => {
  const { code, stderr, stdout } = await stamina(["explain", ...args], {
    ...around,
    env: { COLUMNS: "500", ...around?.env }
  })
  assert.strictEqual(stderr, "")
  assert.strictEqual(code, 0)
  return stdout.slice(0, stdout.indexOf(","))
}

/** What is said of a command line that is refused. */
const refusal = async (args: ReadonlyArray<string>, around?: Around): Promise<string> => {
  const { code, stderr, stdout } = await stamina(args, around)
  assert.strictEqual(code, 2)
  assert.strictEqual(stdout, "")
  return stderr
}

describe("where a policy comes from", () => {
  it("is an argument", async () => {
    assert.strictEqual(await explained(["{\"attempts\":7}"]), "At most 7 attempts")
  })

  it("is standard input", async () => {
    assert.strictEqual(await explained(["-"], { stdin: "{ \"attempts\": 6 }\n" }), "At most 6 attempts")
  })

  it("is a place in a file, or in other JSON", async () => {
    assert.strictEqual(await explained(["--file", settings, "--at", "payments.retry"]), "At most 3 attempts")
    assert.strictEqual(await explained(["{\"a\":{\"attempts\":4}}", "--at", "a"]), "At most 4 attempts")
  })

  it("is the environment", async () => {
    const env = { PAYMENTS_ATTEMPTS: "5", PAYMENTS_URL: "/" }
    assert.strictEqual(await explained(["--env", "PAYMENTS"], { env }), "At most 5 attempts")
  })
})

describe("what is no policy", () => {
  it("is refused with the words of the schema, all of them", async () => {
    assert.strictEqual(
      await refusal(["lint", "{\"attempts\":0,\"tiemout\":3}"]),
      [
        "error: policy: Expected an integer >= 1 or \"unlimited\", got 0",
        "  at [\"attempts\"]",
        "Unknown field with value 3, known are attempts, timeout, waitInitial, waitMax, waitJitter, waitExpBase, backoff, overshoot",
        "  at [\"tiemout\"]",
        ""
      ].join("\n")
    )
  })

  it("is refused in the environment, by the names of the variables", async () => {
    assert.strictEqual(
      await refusal(["lint", "--env", "PAY"], { env: { PAY_WAIT_MAX: "long" } }),
      "error: Expected a finite duration >= 0, such as \"500 millis\" or 500 (milliseconds), got \"long\"\n  at PAY_WAIT_MAX\n"
    )
  })

  it("is an environment without any of its variables: the prefix may be misspelt", async () => {
    assert.match(
      await refusal(["lint", "--env", "PAYMENST"], { env: { PAYMENTS_ATTEMPTS: "3", PAYMENST_URL: "/" } }),
      /^error: No variable is set of PAYMENST_ATTEMPTS, .*PAYMENST_WAIT_EXP_BASE/
    )
  })

  it("is text that is not JSON, and the name of a file that was meant", async () => {
    assert.match(await refusal(["lint", "{attempts:3}"]), /^error: policy: not JSON: /)
    assert.match(await refusal(["lint", "settings.json"]), /To read a file: --file settings\.json\n$/)
    assert.match(await refusal(["lint", "-"], { stdin: "" }), /^error: standard input: not JSON: /)
  })

  it("is a file that is not there, and a place that is not in it", async () => {
    const missing = join(folder, "missing.json")
    assert.strictEqual(await refusal(["lint", "--file", missing]), `error: ${missing}: cannot be read: NotFound\n`)
    assert.strictEqual(
      await refusal(["lint", "--file", settings, "--at", "payments.rety"]),
      `error: ${settings}, payments: no rety there, only url, retry\n`
    )
    assert.strictEqual(
      await refusal(["lint", "--file", settings, "--at", "payments.url.retry"]),
      `error: ${settings}, payments.url: not an object, so it has no retry\n`
    )
    const list = "{\"a\":[{\"attempts\":3}]}"
    assert.strictEqual((await stamina(["lint", list, "--at", "a.0"])).stdout, "Nothing found.\n")
    assert.strictEqual(await refusal(["lint", list, "--at", "a.1"]), "error: policy, a: no 1 there, only 0\n")
    assert.strictEqual(
      await refusal(["lint", "{}", "--at", ""]),
      "error: policy: no empty key there, nor any other key\n"
    )
    assert.match(await refusal(["lint", "--env", ""]), /^error: --env needs the prefix of the variables/)
    assert.match(
      await refusal(["lint", "--file", settings, "--at", "payments"]),
      /settings\.json, payments: Unknown field with value "\/"/
    )
  })

  it("is none, and more than one", async () => {
    assert.match(await refusal(["simulate"]), /^error: No policy\./)
    assert.match(await refusal(["simulate", "{}", "--env", "A"]), /^error: Give one policy/)
    assert.match(await refusal(["simulate", "--env", "A", "--at", "b"]), /^error: --at is for JSON/)
  })
})

describe("a command line that makes no sense", () => {
  it("is refused in a few lines, and not in a page of help", async () => {
    assert.strictEqual(
      await refusal(["lint", "{}", "--deadlin", "2s"]),
      "error: Unrecognized flag: --deadlin in command stamina lint\n\n  Did you mean this?\n    --deadline\nSee stamina lint --help\n"
    )
    assert.match(await refusal(["lnit", "{}"]), /^error: Unknown subcommand "lnit"[^]*\nSee stamina --help\n$/)
  })

  it("is one with a value that has no meaning", async () => {
    assert.match(await refusal(["lint", "{}", "--deadline", "soon"]), /"soon"\. Expected: a duration such as 10s/)
    assert.match(await refusal(["lint", "{}", "--ignore", "everything"]), /--ignore: "everything"/)
    assert.strictEqual(
      await refusal(["lint", "{}", "--utilisation", "2"]),
      "error: RetryLint.check: utilisation must be a number from 0 to 1, got 2\n"
    )
    assert.match(
      await refusal(["fleet", "{}", "--clients", "0"]),
      /clients must be an integer >= 1 and <= 10000000, got 0\n$/
    )
  })

  it("is one with flags that contradict or miss each other", async () => {
    const mistakes: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
      [["simulate", "{}", "--outage", "1s", "--chance", "0.5"], "Give --outage or --chance, not both"],
      [["simulate", "{}", "--hint-max", "1s"], "--hint-max and --hint-chance need --hint"],
      [["explain", "{}", "--latency-p99", "1s"], "--latency-p99 needs --latency, the median"],
      [["fleet", "{}", "--herd", "--rate", "2"], "Give --herd or --rate, not both"],
      [["fleet", "{}", "--shared-budget"], "--shared-budget needs --budget"],
      [["fleet", "{}", "--factor", "0.5"], "--factor is for --trouble slow"],
      [
        ["fleet", "{}", "--trouble", "none", "--trouble-lasts", "5s"],
        "--trouble-from and --trouble-lasts are not for --trouble none"
      ],
      [
        ["fleet", "{}", "--trouble-from", "1m"],
        "The trouble begins after 1m, and only 1m are simulated: give a longer --lasts, or an earlier --trouble-from"
      ],
      [
        ["simulate", "{}", "--runs", "1000000000000"],
        "RetrySimulation.run: runs must be an integer >= 1 and <= 10000000, got 1000000000000"
      ]
    ]
    for (const [args, message] of mistakes) assert.strictEqual(await refusal(args), `error: ${message}\n`)
  })

  it("is one without a command, which shows the help", async () => {
    const { code, stdout } = await stamina([])
    assert.strictEqual(code, 2)
    assert.match(stdout, /SUBCOMMANDS\n {2}explain .*\n {2}lint .*\n {2}simulate .*\n {2}fleet /)
  })
})
