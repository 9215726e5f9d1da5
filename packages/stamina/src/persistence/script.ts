/**
 * The bucket of `bucket.ts` as a script of Redis: the same steps, and atomic for all processes.
 */
import * as Redis from "effect/persistence/Redis"

/** What one command does to the bucket of a budget. */
export interface Command {
  readonly key: string
  /** Units to put in, or to take out where there are fewer than none: what calls have come to since the last command. */
  readonly add: number
  /** How many tokens are wanted. */
  readonly wanted: number
  /** Units that the bucket holds at most, and to begin with. */
  readonly capacity: number
  /** How long the dependency asked to be left alone, in milliseconds; 0 where it did not. */
  readonly quiet: number
}

/** How many tokens were granted, what is left, and for how long the dependency asked to be left alone. */
export type Reply = readonly [granted: number, units: number, quiet: number]

/** Without commands for so long, a bucket is forgotten, and full when it is made anew. In milliseconds. */
export const timeToLive = 3_600_000

/** Time is that of Redis: those of clients differ. All numbers are integers, so that nothing is lost in text. */
const lua = `
local add, wanted, capacity, quiet, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local state = redis.call("HMGET", KEYS[1], "units", "quiet")
local units = math.min(capacity, (tonumber(state[1]) or capacity) + add)
local till = tonumber(state[2]) or 0
if quiet > 0 then till = math.max(till, now + quiet) end
local granted = math.max(0, math.min(wanted, math.floor(units / 1000)))
units = units - granted * 1000
local left = math.max(0, till - now)
redis.call("HSET", KEYS[1], "units", string.format("%.0f", units), "quiet", string.format("%.0f", till))
redis.call("PEXPIRE", KEYS[1], string.format("%.0f", math.max(ttl, left)))
return { granted, units, left }
`

export const script: Redis.Script<{ readonly params: [command: Command]; readonly result: Reply }> = /*#__PURE__*/ Redis
  .script(
    ({ add, capacity, key, quiet, wanted }: Command) => [key, add, wanted, capacity, Math.ceil(quiet), timeToLive],
    { lua, numberOfKeys: 1 }
  ).withReturnType<Reply>()

/** Reads a reply, in which clients may give numbers as text; `undefined` for anything but three numbers. */
export const readReply = (reply: unknown): Reply | undefined => {
  if (!Array.isArray(reply) || reply.length !== 3) return undefined
  const [granted, units, quiet] = reply.map(readNumber)
  return granted === undefined || units === undefined || quiet === undefined ? undefined : [granted, units, quiet]
}

const readNumber = (value: unknown): number | undefined => {
  const isNumeric = typeof value === "number" || typeof value === "bigint" ||
    (typeof value === "string" && value !== "")
  const number = isNumeric ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}
