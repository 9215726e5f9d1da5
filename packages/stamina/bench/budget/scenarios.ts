/**
 * Traffic and faults, each with the figures that its table shows. Times are in milliseconds, rates in calls per second.
 */
import * as random from "../../../stamina-lab/src/tools/random.ts"
import { type Call, Play, type Player } from "./play.ts"

export interface Setting {
  readonly make: () => Player
  readonly seed: number
  /** Those who are woken begin within so many milliseconds. */
  readonly spread: number
}

/** What a fault does to the calls that it hits. */
export interface Saved {
  readonly hit: number
  readonly saved: number
  /** Milliseconds from the beginning of a call that was hit to its success. */
  readonly latencies: ReadonlyArray<number>
  readonly mostWaiting: number
  /** Attempts in the busiest 100 ms and the busiest second after the fault, in times of the mean. */
  readonly peak?: readonly [tenth: number, second: number]
}

/** When the fault begins, after traffic without one. */
const warm = 60_000

const open = (play: Play, chance: () => number, clients: number, rate: number, until: number): void => {
  for (let client = 0; client < clients; client++) {
    for (let at = random.gap(chance, rate); at <= until; at += random.gap(chance, rate)) play.calls(client, at)
  }
}

/** Open traffic, and a time in which every attempt that begins fails. */
export const blip = (setting: Setting, rate: number, latency: number, lasts: number): Saved => {
  const chance = random.make(setting.seed)
  const figures = { hit: 0, saved: 0, latencies: new Array<number>() }
  const tenths = new Float64Array(2000)
  const play = new Play({
    ...setting,
    clients: 1,
    random: random.make(~setting.seed),
    attempt(call, now) {
      if (now >= warm + lasts) tenths[Math.floor(now / 100)]!++
      const fails = now >= warm && now < warm + lasts
      if (fails && call.attempt === 1) figures.hit += call.mark = 1
      return [now + latency, fails]
    },
    onEnd(call, now, succeeded) {
      if (call.mark === 0 || !succeeded) return
      figures.saved++
      figures.latencies.push(now - call.start)
    }
  })
  open(play, chance, 1, rate, warm + 50_000)
  play.run()
  let second = 0
  for (let i = 0; i < 1990; i++) second = Math.max(second, tenths.subarray(i, i + 10).reduce((a, b) => a + b, 0))
  return { ...figures, mostWaiting: play.mostWaiting, peak: [Math.max(...tenths) * 10 / rate, second / rate] }
}

/** Attempts per call in the first seconds of an outage, and in all of its two minutes. */
export const outage = (setting: Setting, rate: number, latency: number) => {
  let first = 0
  let all = 0
  const calls = { first: 0, all: 0 }
  const play = new Play({
    ...setting,
    clients: 1,
    random: random.make(~setting.seed),
    attempt({ attempt }, now) {
      if (attempt === 1 && now >= warm && now < warm + 10_000) calls.first++
      if (attempt === 1 && now >= warm && now < warm + 120_000) calls.all++
      if (now >= warm && now < warm + 10_000) first++
      if (now >= warm && now < warm + 120_000) all++
      return [now + latency, now >= warm]
    }
  })
  open(play, random.make(setting.seed), 1, rate, warm + 120_000)
  play.run()
  return { first: first / calls.first, all: all / calls.all, mostWaiting: play.mostWaiting }
}

/** Open traffic in which attempts fail by chance: the share of calls that succeed. */
export const byChance = (setting: Setting, rate: number, latency: number, failures: number) => {
  const chance = random.make(setting.seed)
  let ok = 0
  let calls = 0
  const late: Array<number> = []
  const play = new Play({
    ...setting,
    clients: 1,
    random: random.make(~setting.seed),
    attempt: (_, now) => [now + latency, chance() < failures],
    onEnd(call, now, succeeded) {
      calls++
      if (succeeded) ok++
      if (succeeded) late.push(now - call.start)
    }
  })
  open(play, random.make(setting.seed + 1), 1, rate, 180_000)
  play.run()
  return { ok: ok / calls, latencies: late }
}

/**
 * One server that takes calls in order, 1000 a second, and does nothing for ten seconds. A call waits one second for its
 * answer; the server's work is done all the same. "Recovered" is the second from which 99 % of the calls that begin succeed
 * in the end, for five seconds.
 */
export const hang = (setting: Setting, clients: number, rate: number) => {
  const from = 30_000
  const to = 40_000
  const until = 180_000
  let free = 0
  let attempts = 0
  const all = new Float64Array(400)
  const ok = new Float64Array(400)
  const play = new Play({
    ...setting,
    clients,
    random: random.make(~setting.seed),
    attempt(call, now) {
      if (now >= from && now < until) attempts++
      if (call.attempt === 1) all[Math.floor(call.start / 1000)]!++
      let begins = Math.max(free, now)
      if (begins >= from && begins < to) begins = to
      free = begins + 1
      const done = free + 10
      return done - now > 1000 ? [now + 1000, true] : [done, false]
    },
    onEnd(call, _, succeeded) {
      if (succeeded) ok[Math.floor(call.start / 1000)]!++
    }
  })
  open(play, random.make(setting.seed), clients, rate, until)
  play.run()
  const sum = (list: Float64Array, first: number) => list.slice(first / 1000, until / 1000).reduce((a, b) => a + b, 0)
  let recovered = Infinity
  for (let second = to / 1000; second < until / 1000 - 5 && recovered === Infinity; second++) {
    const isGood = [0, 1, 2, 3, 4].every((i) => ok[second + i]! >= 0.99 * all[second + i]!)
    if (isGood) recovered = second - to / 1000
  }
  return { recovered, ok: sum(ok, 0) / sum(all, 0), attempts: attempts / sum(all, from), mostWaiting: play.mostWaiting }
}

/** Workers that each make their next call when the last has ended; an attempt takes 100 ms. */
export const loop = (setting: Setting, workers: number, lasts: number, latency = 100) => {
  const from = 30_000
  const until = 180_000
  const ok = new Float64Array(400)
  const figures = { hit: 0, saved: 0, latencies: new Array<number>() }
  const play: Play = new Play({
    ...setting,
    clients: 1,
    random: random.make(~setting.seed),
    attempt(call, now) {
      const fails = now >= from && now < from + lasts
      if (fails && call.attempt === 1) figures.hit += call.mark = 1
      return [now + latency, fails]
    },
    onEnd(call, now, succeeded) {
      if (succeeded) ok[Math.floor(now / 1000)]!++
      if (succeeded && call.mark === 1) {
        figures.saved++
        figures.latencies.push(now - call.start)
      }
      if (now < until) play.calls(0, succeeded ? now : now + 1)
    }
  })
  const chance = random.make(setting.seed)
  for (let i = 0; i < workers; i++) play.calls(0, chance() * latency)
  play.run()
  let slow = 0
  for (let second = from / 1000; second < until / 1000 - 1; second++) if (ok[second]! < ok[20]! / 2) slow++
  return { ...figures, slow }
}

/** So many calls at once and nothing after; a bucket that has seen no traffic, or some before. */
export const batch = (setting: Setting, size: number, lasts: number, hourly = false): Saved => {
  const at = 3_600_000
  const chance = random.make(setting.seed)
  const figures = { hit: 0, saved: 0, latencies: new Array<number>() }
  const play = new Play({
    ...setting,
    clients: 1,
    random: random.make(~setting.seed),
    attempt(call, now) {
      const fails = now >= at && now < at + lasts
      if (fails && call.attempt === 1) figures.hit += call.mark = 1
      return [now + 20, fails]
    },
    onEnd(call, now, succeeded) {
      if (call.mark === 0 || !succeeded) return
      figures.saved++
      figures.latencies.push(now - call.start)
    }
  })
  for (let i = 0; i < size; i++) {
    if (hourly) play.calls(0, chance() * 50)
    play.calls(0, at + chance() * 50)
  }
  play.run()
  return { ...figures, mostWaiting: play.mostWaiting }
}

/** One call of ten always fails; the others fail in 2 of 100 attempts. Figures of the others that failed once. */
export const brokenRoute = (setting: Setting, rate: number, latency = 20, broken = 0.1) => {
  const chance = random.make(setting.seed)
  const isBroken = new WeakSet<Call>()
  const latencies: Array<number> = []
  let ok = 0
  let calls = 0
  let attempts = 0
  const play = new Play({
    ...setting,
    clients: 1,
    random: random.make(~setting.seed),
    attempt(call, now) {
      attempts++
      if (call.attempt === 1 && now > 30_000 && chance() < broken) isBroken.add(call)
      const fails = chance() < 0.02
      if (fails) call.mark = 1
      return [now + latency, isBroken.has(call) || fails]
    },
    onEnd(call, now, succeeded) {
      if (isBroken.has(call)) return
      calls++
      if (succeeded) ok++
      if (succeeded && call.mark === 1) latencies.push(now - call.start)
    }
  })
  open(play, random.make(setting.seed + 1), 1, rate, 180_000)
  play.run()
  return { ok: ok / calls, latencies, attempts: attempts / (rate * 180), mostWaiting: play.mostWaiting }
}
