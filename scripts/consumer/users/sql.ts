import { Effect } from "effect"
import type { Stamina } from "effect-stamina"
import type { SqlClient, SqlError } from "effect/sql"
import * as house from "house/sql"
import { get, type HttpError, same } from "./expect.js"

type Plain = Effect.Effect<string, HttpError | SqlError.SqlError, SqlClient.SqlClient>
type Limited = Effect.Effect<string, HttpError | SqlError.SqlError | Stamina.AttemptTimedOut, SqlClient.SqlClient>

const transaction = get(1).pipe(house.transaction())
same<typeof transaction, Plain>(true)
const limited = get(1).pipe(house.transaction({ attemptTimeout: "1 second" }))
same<typeof limited, Limited>(true)
// @ts-expect-error: no statement
house.transaction({ begin: 1 })

const on = get(1).pipe(house.transactionOn())
same<typeof on, Plain>(true)
const limitedOn = get(1).pipe(house.transactionOn("1 second"))
same<typeof limitedOn, Limited>(true)
// @ts-expect-error: cannot fail with what is retried
Effect.succeed(1).pipe(house.transactionOn())

const first = house.transactionFirst(get(1))
same<typeof first, Plain>(true)
const limitedFirst = house.transactionFirst(get(1), { attemptTimeout: "1 second" })
same<typeof limitedFirst, Limited>(true)
// @ts-expect-error: no effect
house.transactionFirst(1)
