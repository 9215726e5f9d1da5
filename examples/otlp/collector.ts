/**
 * What stands in for an OpenTelemetry collector: takes OTLP as JSON over HTTP, and keeps what it is sent.
 */
import { Effect, Schema, type Scope } from "effect"
import * as Http from "node:http"

/** Attributes are sent as a list of keys, each with a value under the name of its type. */
const AttributeList = Schema.Array(
  Schema.Struct({
    key: Schema.String,
    value: Schema.Struct({
      stringValue: Schema.optionalKey(Schema.String),
      intValue: Schema.optionalKey(Schema.Number),
      doubleValue: Schema.optionalKey(Schema.Number)
    })
  })
)

const Metric = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  sum: Schema.optionalKey(Schema.Struct({
    isMonotonic: Schema.Boolean,
    dataPoints: Schema.Array(Schema.Struct({ attributes: AttributeList, asDouble: Schema.Number }))
  })),
  histogram: Schema.optionalKey(Schema.Struct({
    dataPoints: Schema.Array(Schema.Struct({ attributes: AttributeList, count: Schema.Number, sum: Schema.Number }))
  }))
})

const LogRecord = Schema.Struct({
  severityText: Schema.String,
  body: Schema.Struct({ stringValue: Schema.String }),
  attributes: AttributeList,
  traceId: Schema.optionalKey(Schema.String),
  spanId: Schema.optionalKey(Schema.String)
})

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  name: Schema.String,
  startTimeUnixNano: Schema.BigIntFromString,
  endTimeUnixNano: Schema.BigIntFromString,
  events: Schema.Array(
    Schema.Struct({ name: Schema.String, timeUnixNano: Schema.BigIntFromString, attributes: AttributeList })
  )
})

const Resource = Schema.Struct({ attributes: AttributeList })

const Request = Schema.fromJsonString(Schema.Union([
  Schema.Struct({
    resourceMetrics: Schema.Array(Schema.Struct({
      resource: Resource,
      scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Metric) }))
    }))
  }),
  Schema.Struct({
    resourceLogs: Schema.Array(Schema.Struct({
      resource: Resource,
      scopeLogs: Schema.Array(Schema.Struct({ logRecords: Schema.Array(LogRecord) }))
    }))
  }),
  Schema.Struct({
    resourceSpans: Schema.Array(Schema.Struct({
      resource: Resource,
      scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
    }))
  })
]))

export interface Collector {
  readonly url: string
  /** The services that sent something. */
  readonly services: Set<unknown>
  readonly metrics: Array<typeof Metric.Type>
  readonly logs: Array<typeof LogRecord.Type>
  readonly spans: Array<typeof Span.Type>
  /** What arrived and could not be read. */
  readonly refused: Array<unknown>
}

/** Opens a collector on a free port of this machine. */
export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.gen(function*() {
  const kept: Omit<Collector, "url"> = { services: new Set(), metrics: [], logs: [], spans: [], refused: [] }
  const server = Http.createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      try {
        keep(request.url, Buffer.concat(chunks).toString(), kept)
        response.end("{}")
      } catch (error) {
        kept.refused.push(error)
        response.writeHead(400).end()
      }
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`, ...kept }
})

const keep = (path: string | undefined, body: string, kept: Omit<Collector, "url">): void => {
  const request = Schema.decodeSync(Request)(body)
  const add = (resources: ReadonlyArray<{ readonly resource: typeof Resource.Type }>) => {
    for (const { resource } of resources) kept.services.add(read(resource.attributes)["service.name"])
  }
  if (path === "/v1/metrics" && "resourceMetrics" in request) {
    add(request.resourceMetrics)
    kept.metrics.push(...request.resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap(({ metrics }) => metrics)))
  } else if (path === "/v1/logs" && "resourceLogs" in request) {
    add(request.resourceLogs)
    kept.logs.push(...request.resourceLogs.flatMap((one) => one.scopeLogs.flatMap(({ logRecords }) => logRecords)))
  } else if (path === "/v1/traces" && "resourceSpans" in request) {
    add(request.resourceSpans)
    kept.spans.push(...request.resourceSpans.flatMap((one) => one.scopeSpans.flatMap(({ spans }) => spans)))
  } else throw new Error(`not for ${path}: ${body}`)
}

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** Attributes as an object. */
export const read = (attributes: typeof AttributeList.Type): Attributes =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue])
  )
