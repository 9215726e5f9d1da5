/**
 * What the page shows is what the library says.
 */
import * as RetryExplanation from "effect-stamina-lab/RetryExplanation"
import * as RetryLint from "effect-stamina-lab/RetryLint"
import * as RetrySimulation from "effect-stamina-lab/RetrySimulation"
import * as RetryPolicy from "effect-stamina/RetryPolicy"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import { read as readSetting } from "../src/model/setting.ts"
import { argumentsOf, variants } from "../src/model/variants.ts"
import { count, percent, range, time } from "../src/model/words.ts"
import { inBrowser } from "./kit/browser.ts"
import { cells, settled } from "./kit/explorer.ts"

/** The quantiles that the page has a column for. */
const shown = ({ max, p50, p90, p99 }: RetrySimulation.Quantiles): ReadonlyArray<number> => [p50, p90, p99, max]

inBrowser("the figures", (open) => {
  const cases = [
    ["the default policy", "", {}, {}],
    [
      "a policy that is used somewhere",
      "#attempts=6&backoff=equal&waitInitial=200&latency=50&deadline=20+seconds&outage=3+seconds&seed=7",
      { attempts: 6, backoff: "equal", waitInitial: 200 },
      { latency: 50, deadline: "20 seconds", outage: "3 seconds", seed: 7 }
    ],
    ["a policy without end", "#attempts=unlimited&timeout=unlimited", { attempts: Infinity, timeout: Infinity }, {}]
  ] as const satisfies ReadonlyArray<
    readonly [string, string, RetryPolicy.Input, RetryExplanation.Context]
  >

  it.each(cases)("of %s are those of RetryExplanation", async (_, hash, input, context) => {
    const policy = RetryPolicy.make(input)
    const { findings, givesUp, outlasts, retries, sentence } = RetryExplanation.explain(policy, context)
    const page = await open(hash)
    await settled(page)

    expect(await page.locator("p.sentence").textContent()).toBe(sentence)
    expect(await cells(page.locator(".waits table"))).toEqual(retries.map((retry) => [
      String(retry.retryNum),
      "",
      range(retry.shortest, retry.longest),
      range(retry.startsFrom, retry.startsTo)
    ]))
    expect(await page.locator(".findings li > p:nth-child(2)").allTextContents()).toEqual(
      findings.map(({ message }) => message)
    )
    expect(await page.locator(".findings li").evaluateAll((all) => all.map((one) => one.getAttribute("data-rule"))))
      .toEqual(findings.map(({ rule }) => rule))
    expect(await cells(page.locator(".ends table"))).toEqual(
      givesUp === undefined ? [] : [
        ["time", ...shown(givesUp.duration).map(time)],
        ["attempts", ...shown(givesUp.attempts).map(count)]
      ]
    )
    for (const [reason, share] of Object.entries(givesUp?.reasons ?? {})) {
      expect(await page.locator(".ends .note").textContent()).toContain(
        `${percent(share)} of the runs end with ${reason}.`
      )
    }
    expect(await page.locator(".about-survival thead th").allTextContents()).toEqual(
      ["outage", ...outlasts.map(({ outage }) => time(outage))]
    )
    expect(await cells(page.locator(".about-survival table"))).toEqual([
      ["runs", ...outlasts.map(({ share }) => percent(share))]
    ])
  })

  it("of a herd are those of RetrySimulation, with and without jitter, with and without a budget", async () => {
    const texts = {
      clients: "50",
      rate: "4",
      trouble: "hangs",
      troubleFrom: "5 seconds",
      attemptTimeout: "1 second",
      lasts: "40 seconds",
      step: "1 second",
      sharedBudget: "no"
    }
    const { herd } = Result.getOrThrow(readSetting(texts))
    const herds = variants.map((variant) =>
      RetrySimulation.fleet(...argumentsOf(variant, RetryPolicy.make({ attempts: 4 }), herd))
    )
    // each of them is another one
    expect(new Set(herds.map(({ attempts }) => attempts)).size).toBe(4)

    const page = await open(`#attempts=4&${new URLSearchParams(texts)}`)
    await settled(page)
    expect((await cells(page.locator(".herd table").first())).map(([, ...numbers]) => numbers)).toEqual(
      herds.map(({ amplification, calls, gaveUp, open, recoveredAfter, steps, succeeded }) => [
        count(amplification),
        count(Math.max(...steps.map(({ attempts, calls }) => attempts - calls))),
        percent(succeeded / calls),
        // some had not ended with the simulation
        percent(gaveUp / calls),
        percent(open / calls),
        time(recoveredAfter)
      ])
    )
    await page.getByText("Step by step").click()
    await page.locator(".herd details table").waitFor()
    expect(await cells(page.locator(".herd details table"))).toEqual(
      (herds[0]?.steps ?? []).map((
        { from },
        i
      ) => [time(from), ...herds.map(({ steps }) => count(steps[i]?.attempts ?? 0))])
    )
    // without a budget and with one, each with two lines
    expect(await page.locator(".herd svg path.line").count()).toBe(4)
  })

  it("have a drawing for each table, with a text in its place", async () => {
    const page = await open("#compare=yes&b.backoff=full&outage=10+seconds")
    await settled(page)
    const labels = await page.locator("svg").evaluateAll((all) =>
      all.map((one) => one.getAttribute("aria-label") ?? "")
    )
    expect(labels).toHaveLength(2 + 1 + 4)
    const { duration } = RetrySimulation.run(RetryPolicy.make({ backoff: "full" }))
    expect(labels[1]).toBe(
      `Histogram: half of the runs end within ${time(duration.quantile(0.5))}, 99 % within ${
        time(duration.quantile(0.99))
      }.`
    )
  })

  it("say nothing of a rule that is ignored", async () => {
    const page = await open()
    const [finding] = RetryLint.check(RetryPolicy.defaults)
    await page.getByRole("button", { name: `Ignore ${finding?.rule}` }).click()
    await page.getByText("Nothing to object to.").waitFor()
    await expect.poll(() => new URL(page.url()).hash).toBe(`#ignore=${finding?.rule}`)
  })
})
