/**
 * (i) Calls that wait before a retry of a promise: what each holds, by this library and by others.
 */
import { inChild } from "./kit/inChild.ts"
import { ratio, type Result, written } from "./kit/result.ts"
import { figure } from "./kit/statistics.ts"
import type { Subject, Waiting } from "./waitingPromises.ts"

const calls = 100_000
const samples = 3

const names: Readonly<Record<Subject, string>> = {
  timer: "a promise and a timer",
  byHand: "a loop by hand",
  cockatiel: "cockatiel 4",
  asyncRetry: "async-retry 1.3",
  pRetry: "p-retry 9",
  off: "`RetryPromise.retried`, hooks off",
  observed: "`RetryPromise.retried`, default hooks",
  effect: "`Effect.runPromise` of `Stamina.retry`, hooks off"
}
// an object with exactly these keys
const subjects = Object.keys(names) as Array<Subject>

const measured = Object.fromEntries(subjects.map((subject) => [
  subject,
  Array.from({ length: samples }, () =>
    // what the file below prints
    inChild(new URL("waitingPromises.ts", import.meta.url), [subject, String(calls)]) as Waiting)
])) as unknown as Record<Subject, ReadonlyArray<Waiting>>

const bytes = (subject: Subject): number => figure(measured[subject].map(({ bytes }) => bytes)).median

const result: Result = {
  title: "Calls of promises that wait",
  about: `Bytes of heap per call, and microseconds per call to begin, ${
    calls.toLocaleString("en")
  } at a time. A process of its own for each.`,
  columns: ["", "bytes", "quarters", "start, µs"],
  rows: subjects.map((subject) => [
    names[subject],
    ...written(figure(measured[subject].map(({ bytes }) => bytes))),
    figure(measured[subject].map(({ start }) => start)).median.toFixed(2)
  ]),
  ratios: [
    ratio("bytes of `RetryPromise.retried`, hooks off / p-retry", [bytes("off") / bytes("pRetry")]),
    ratio("bytes of `RetryPromise.retried`, hooks off / cockatiel", [bytes("off") / bytes("cockatiel")])
  ]
}

console.log(JSON.stringify([result]))
