import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { startHttpServer } from './http-server.ts'

/** OTLP over HTTP, as JSON: https://opentelemetry.io/docs/specs/otlp */
const Attribute = Type.Object({ key: Type.String(), value: Type.Record(Type.String(), Type.Unknown()) })
const Export = Type.Object({
  resourceSpans: Type.Array(
    Type.Object({
      resource: Type.Object({ attributes: Type.Array(Attribute) }),
      scopeSpans: Type.Array(
        Type.Object({
          spans: Type.Array(
            Type.Object({
              traceId: Type.String(),
              spanId: Type.String(),
              parentSpanId: Type.Optional(Type.String()),
              name: Type.String(),
              startTimeUnixNano: Type.String(),
              endTimeUnixNano: Type.String(),
              attributes: Type.Array(Attribute),
            }),
          ),
        }),
      ),
    }),
  ),
})

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly service: unknown
  readonly seconds: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Takes spans as a collector does. */
export interface TraceReceiver extends AsyncDisposable {
  readonly endpoint: string
  readonly spans: ReceivedSpan[]
  /** All that came, as it came. */
  readonly bodies: string[]
  /** The header that came with the last of it. */
  readonly header: (name: string) => unknown
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const server = await startHttpServer()
  const spans: ReceivedSpan[] = []
  const bodies: string[] = []
  server.on('/v1/traces', (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      bodies.push(body)
      spans.push(...spansOf(body))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  return {
    endpoint: server.origin,
    spans,
    bodies,
    header: (name) => server.headers.at(-1)?.[name],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function spansOf(body: string): ReceivedSpan[] {
  return Value.Parse(Export, JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId || undefined,
        name: span.name,
        service: valuesOf(resource.attributes)['service.name'],
        seconds: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9,
        attributes: valuesOf(span.attributes),
      })),
  )
}

const valuesOf = (
  attributes: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** The names of the spans below one, as a tree; what has a number in its name in its order. */
export function treeOf(spans: readonly ReceivedSpan[], root: ReceivedSpan): object {
  const below = spans.filter(({ parentId }) => parentId === root.spanId)
  return Object.fromEntries(below.map((span) => [span.name, treeOf(spans, span)]))
}
