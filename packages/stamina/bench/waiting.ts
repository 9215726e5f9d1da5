/**
 * (d) Fibers asleep in the wait before a retry: what each holds, and how long it takes to start and to interrupt them.
 */
import { inChild } from "./kit/inChild.ts"
import { type Ratio, ratio, type Result, written } from "./kit/result.ts"
import { figure } from "./kit/statistics.ts"
import type { Asleep, Subject } from "./waitingFibers.ts"

const sizes = [
  { fibers: 1000, samples: 5 },
  { fibers: 10_000, samples: 5 },
  { fibers: 100_000, samples: 3 },
  { fibers: 1_000_000, samples: 1 }
]

const names: Readonly<Record<Subject, string>> = {
  sleep: "`Effect.sleep`",
  spaced: "`Effect.retry(Schedule.spaced)`",
  schedule: "`Effect.retry(staminaSchedule)`, hooks off",
  retry: "`Stamina.retry`, hooks off",
  observed: "`Stamina.retry`, default hooks",
  deferred: "`Stamina.retry`, hooks off, waiting for a token"
}
const subjects: ReadonlyArray<Subject> = ["sleep", "spaced", "schedule", "retry", "observed", "deferred"]

const measure = (subject: Subject, fibers: number): Asleep =>
  // what the file below prints
  inChild(
    new URL("waitingFibers.ts", import.meta.url),
    [subject, String(fibers)],
    ["--max-old-space-size=12288"]
  ) as Asleep

const measured = sizes.map(({ fibers, samples }) => {
  const of = (subject: Subject) => Array.from({ length: samples }, () => measure(subject, fibers))
  return {
    fibers,
    of: {
      sleep: of("sleep"),
      spaced: of("spaced"),
      schedule: of("schedule"),
      retry: of("retry"),
      observed: of("observed"),
      deferred: of("deferred")
    }
  }
})

const rows = measured.flatMap(({ fibers, of }) =>
  subjects.map((subject) => [
    fibers.toLocaleString("en"),
    names[subject],
    ...written(figure(of[subject].map(({ bytes }) => bytes))),
    ...[of[subject].map(({ start }) => start), of[subject].map(({ interrupt }) => interrupt)]
      .map((micros) => figure(micros).median.toFixed(2))
  ])
)

const bytes = (subject: Subject, at: number): number =>
  figure(measured.at(at)!.of[subject].map(({ bytes }) => bytes)).median

const ratios = measured.flatMap(({ fibers, of }): ReadonlyArray<Ratio> => [
  ...(["retry", "observed"] as const).map((subject) =>
    ratio(
      `bytes of ${names[subject]} at ${fibers.toLocaleString("en")} / 1900`,
      of[subject].map(({ bytes }) => bytes / 1900),
      1
    )
  ),
  ratio(
    `time to start and interrupt ${fibers.toLocaleString("en")}: ${names.retry} / ${names.spaced}`,
    of.retry.map((retry, i) => (retry.start + retry.interrupt) / (of.spaced[i]!.start + of.spaced[i]!.interrupt))
  )
])

const result: Result = {
  title: "Fibers asleep in a wait",
  about:
    "Bytes of heap per fiber, and microseconds per fiber to start and to interrupt all. A process of its own for each.",
  columns: ["fibers", "", "bytes", "quarters", "start, µs", "interrupt, µs"],
  rows,
  ratios: [
    ...ratios,
    ratio(
      "bytes of a retry that waits for a token / of one in its backoff, at 1,000,000",
      [bytes("deferred", -1) / bytes("retry", -1)],
      1.2
    ),
    ratio("bytes of `Stamina.retry` at 1,000,000 / at 1,000", [bytes("retry", -1) / bytes("retry", 0)], 1.05),
    ratio("bytes of `Stamina.retry` at 1,000 / at 1,000,000", [bytes("retry", 0) / bytes("retry", -1)], 1.05)
  ]
}

console.log(JSON.stringify([result]))
