import { Effect } from "effect"
import { Stamina } from "effect-stamina"
import { type HttpError, type ParseError, parsing, program, same } from "./errors.ts"

type Program = Effect.Effect<number, HttpError | ParseError>

// --- the wrapped function's type is the function's own

const get = (id: number, _force?: boolean): Program => Effect.as(program, id)
const wrapped = Stamina.retried({ on: "HttpError" })(get)
same<typeof wrapped, typeof get>(true)

const generic = Stamina.retried({ on: "HttpError" })(<T>(value: T) => Effect.as(program, value))
export const kept: Effect.Effect<"a", HttpError | ParseError> = generic("a")

const effectFn = Stamina.retried({ on: "HttpError" })(
  Effect.fn("get")(function*(id: number) {
    return id + (yield* program)
  })
)
export const ofEffectFn: Program = effectFn(1)

// @ts-expect-error: it cannot fail with HttpError
Stamina.retried({ on: "HttpError" })((_id: number) => parsing)
// @ts-expect-error: it returns no effect
Stamina.retried({ on: "HttpError" })((id: number) => id)
// @ts-expect-error: the hook does not take a ParseError
Stamina.retried({ on: (error: HttpError) => error.status >= 500 })(get)
// @ts-expect-error: `on` is missing
Stamina.retried({ attempts: 3 })

// --- a method decorator

export class Users {
  readonly offset = 1

  @Stamina.retried({ on: "HttpError", attempts: 3 })
  find(id: number): Program {
    return Effect.as(program, id + this.offset)
  }

  // @ts-expect-error: it cannot fail with HttpError
  @Stamina.retried({ on: "HttpError" })
  parse(_text: string) {
    return parsing
  }

  // @ts-expect-error: a field is no method
  @Stamina.retried({ on: "HttpError" })
  field = 1
}
export const found: Program = new Users().find(1)
