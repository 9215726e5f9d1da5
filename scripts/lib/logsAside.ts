/**
 * Loaded before an example: sends Effect's log records, which hold times, to standard error, so that standard output
 * is what the example itself prints.
 */
const { log } = console

console.log = (...values: ReadonlyArray<unknown>) => {
  const isRecord = typeof values[0] === "string" && /^\[\d\d:\d\d:\d\d\.\d{3}\] /.test(values[0])
  if (isRecord) console.error(...values)
  else log(...values)
}
