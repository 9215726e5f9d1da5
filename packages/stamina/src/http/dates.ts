/**
 * Dates as servers write them in headers: those of HTTP, of mail, of Go's standard layouts, and of ISO 8601. All of them
 * name their time zone, except for asctime's form of HTTP, which is UTC.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** Milliseconds since 1970; `undefined` if the text is no such date. */
export const readDate = (text: string): number | undefined => {
  for (const form of forms) {
    const { groups } = form.exec(text) ?? {}
    if (groups !== undefined) return millisOf(groups)
  }
  return undefined
}

const time = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?<fraction>\.\d+)?)?`
const zone = String.raw`(?<zone>GMT|UTC?|Z|[+-]\d\d:?\d\d)`
const weekday = "(?:mon|tue|wed|thu|fri|sat|sun)"
const weekdays = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"

/** The forms that are read. */
export const forms: ReadonlyArray<RegExp> = /*#__PURE__*/ [
  // `Sun, 06 Nov 1994 08:49:37 GMT`, and how mail writes it: `6 Nov 94 08:49 +0000` (RFC 9110, 5.6.7; RFC 5322, 3.3).
  // `Sunday, 06-Nov-94 08:49:37 GMT`
  String.raw`(?:(?:${weekday}|${weekdays}), ?)?(?<day>\d\d?)(?<dash>[ -])(?<month>[a-z]{3})\k<dash>`
  + String.raw`(?<year>\d{4}|\d\d) ${time} ${zone}`,
  // asctime's `Sun Nov  6 08:49:37 1994`, and Unix's `date`: `Sun Nov 6 08:49:37 UTC 1994`
  String.raw`${weekday} (?<month>[a-z]{3}) {1,2}(?<day>\d\d?) ${time}(?: ${zone})? (?<year>\d{4})`,
  // `1994-11-06T08:49:37Z`
  String.raw`(?<year>\d{4})-(?<number>\d\d)-(?<day>\d\d)T${time}${zone}`
].map((form) => new RegExp(`^${form}$`, "i"))

type Groups = Readonly<Record<string, string | undefined>>

const months: ReadonlyArray<string> = [
  "jan",
  "feb",
  "mar",
  "apr",
  "may",
  "jun",
  "jul",
  "aug",
  "sep",
  "oct",
  "nov",
  "dec"
]

const millisOf = (groups: Groups): number | undefined => {
  const [day, hour, minute] = [Number(groups["day"]), Number(groups["hour"]), Number(groups["minute"])]
  const second = Number(groups["second"] ?? 0)
  const month = Number(groups["number"] ?? months.indexOf(groups["month"]?.toLowerCase() ?? "") + 1)
  const offset = offsetOf(groups["zone"] ?? "Z")
  // a leap second is the one after it
  if (hour > 23 || minute > 59 || second > 60 || offset === undefined) return undefined
  const midnight = Option.getOrUndefined(DateTime.make({ year: yearOf(groups["year"] ?? ""), month, day }))
  // the 31st of February would be one of March
  if (midnight === undefined || !isDay(midnight, month, day)) return undefined
  // rounded up, except for the error of multiplying
  const fraction = Math.ceil(Number(`0${groups["fraction"] ?? ""}`) * 1000 - 1e-6)
  return DateTime.toEpochMillis(midnight) + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction
}

const isDay = (date: DateTime.DateTime, month: number, day: number): boolean =>
  DateTime.getPartUtc(date, "month") === month && DateTime.getPartUtc(date, "day") === day

/** Two digits, of RFC 850 and old mail, stand for 1970 to 2069, as for most others that read them. */
const yearOf = (text: string): number =>
  text.length > 2 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900)

/** Minutes east of Greenwich. */
const offsetOf = (zone: string): number | undefined => {
  const sign = zone.startsWith("-") ? -1 : 1
  const [, hours, minutes] = /^[+-](\d\d):?(\d\d)$/.exec(zone) ?? [undefined, 0, 0]
  return Number(hours) > 23 || Number(minutes) > 59 ? undefined : sign * (Number(hours) * 60 + Number(minutes))
}
