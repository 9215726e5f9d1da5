import { Layer, ManagedRuntime } from "effect"
import { RetryPolicy, Stamina } from "effect-stamina"
import * as RetryPromise from "effect-stamina/RetryPromise"
import { same } from "./errors.ts"

class HttpError extends Error {
  readonly status: number = 503
}
abstract class Abstract extends Error {}

// --- the value

export const ofPromise: Promise<number> = RetryPromise.retry(async () => 1, { on: HttpError })
export const ofValue: Promise<number> = RetryPromise.retry(() => 1, { on: HttpError })
export const ofThenable: Promise<number> = RetryPromise.retry((): PromiseLike<number> => ofPromise, { on: HttpError })
export const ofEither: Promise<number> = RetryPromise.retry((): number | Promise<number> => 1, { on: HttpError })
export const ofResponse: Promise<Response> = RetryPromise.retry(({ signal }) => fetch("/", { signal }), {
  on: "ECONNRESET",
  signal: AbortSignal.timeout(1000)
})

// --- `on`

export const forms: ReadonlyArray<RetryPromise.On> = [
  "ECONNRESET",
  HttpError,
  Abstract,
  (error) => error instanceof HttpError && error.status >= 500,
  (_error, { num }) => num < 3 && "1 second",
  { ECONNRESET: true, ECONNREFUSED: false, Busy: "1 second", Slow: { waitInitial: 7 }, Odd: (error) => error !== 7 },
  ["ECONNRESET", HttpError, (error) => error === 7]
]

// @ts-expect-error: `on` is missing
void RetryPromise.retry(async () => 1, { attempts: 3 })
// @ts-expect-error: there are no options
void RetryPromise.retry(async () => 1)
// @ts-expect-error: a number names nothing
void RetryPromise.retry(async () => 1, { on: 14 })
// @ts-expect-error: a list of numbers neither
void RetryPromise.retry(async () => 1, { on: [14] })
// @ts-expect-error: a promise can reject with anything
void RetryPromise.retry(async () => 1, { on: (error: HttpError) => error.status >= 500 })
// @ts-expect-error: a hook answers at once
void RetryPromise.retry(async () => 1, { on: async () => true })
// @ts-expect-error: a date is no answer
void RetryPromise.retry(async () => 1, { on: { Busy: new Date() } })

// --- options

const policy = RetryPolicy.make({ attempts: 3 })
void RetryPromise.retry(async () => 1, { ...policy, on: HttpError, attemptTimeout: "1 second", signal: undefined })
// @ts-expect-error: misspelt
void RetryPromise.retry(async () => 1, { on: HttpError, attempt: 3 })
// @ts-expect-error: no signal
void RetryPromise.retry(async () => 1, { on: HttpError, signal: new AbortController() })

// --- `retried` keeps the function's type

const get = async (id: number, _force?: boolean): Promise<string> => String(id)
const wrapped = RetryPromise.retried({ on: HttpError })(get)
same<typeof wrapped, typeof get>(true)
const first = RetryPromise.retried(get, { on: HttpError })
same<typeof first, typeof get>(true)

const generic = RetryPromise.retried({ on: HttpError })(async <T>(value: T) => value)
export const kept: Promise<"a"> = generic("a")

const parsing = RetryPromise.retried((text: string): number => Number(text), { on: SyntaxError })
same<typeof parsing, (this: unknown, text: string) => Promise<number>>(true)

// @ts-expect-error: `on` is missing
RetryPromise.retried({ attempts: 3 })
// @ts-expect-error: no function
RetryPromise.retried({ on: HttpError })(7)

// --- its signal is found among the arguments

const withSignal = async (_id: number, _options?: { readonly signal?: AbortSignal }) => 1
RetryPromise.retried(withSignal, { on: HttpError, signal: (_id, options) => options?.signal })
const findsSignal = RetryPromise.retried({
  on: HttpError,
  signal: (_id: number, options?: { readonly signal?: AbortSignal }) => options?.signal
})
same<ReturnType<typeof findsSignal<typeof withSignal>>, typeof withSignal>(true)
// @ts-expect-error: it finds the signal among other arguments
findsSignal(async (_id: string) => 1)
// @ts-expect-error: no signal
RetryPromise.retried(withSignal, { on: HttpError, signal: (id) => id })
// @ts-expect-error: the functions of a module have one signal for each call
RetryPromise.retried({ on: HttpError, signal: AbortSignal.timeout(1000) })

// --- a method decorator

export class Users {
  readonly offset = 1

  @RetryPromise.retried({ on: HttpError, attempts: 3 })
  async find(id: number): Promise<number> {
    return id + this.offset
  }

  // @ts-expect-error: what is no promise would become one
  @RetryPromise.retried({ on: HttpError })
  parse(text: string): number {
    return Number(text)
  }

  // @ts-expect-error: a field is no method
  @RetryPromise.retried({ on: HttpError })
  field = 1
}
export const found: Promise<number> = new Users().find(1)

// --- places

const app = RetryPromise.make({ layer: Layer.mergeAll(Stamina.layerInactive) })
export const inApp: Promise<number> = app.retry(async () => 1, { on: HttpError })
export const disposed: Promise<void> = app.dispose()
export const inRuntime: RetryPromise.RetryPromise = RetryPromise.fromRuntime(ManagedRuntime.make(Layer.empty))
same<typeof RetryPromise.retried, RetryPromise.RetryPromise["retried"]>(true)
