import { randomUUID } from 'node:crypto'
import timers from 'node:timers/promises'
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { type ExportLog, ToldExporter } from './told-exporter.ts'
import type { OpenSpan, SpanStart, TraceParent, Tracing } from './tracing.ts'

export interface OpenTelemetrySettings {
  /** Where OTLP is taken over HTTP, with the path. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly version: string
  /** What else is said of this process. */
  readonly resource: Readonly<Record<string, string>>
  readonly sampling: {
    readonly root: 'always' | 'never' | 'ratio'
    /** Of `ratio`: from 0 to 1. */
    readonly ratio: number
    /** Whoever began a trace decides. */
    readonly parentBased: boolean
  }
  readonly log: ExportLog
}

/** A batch that is not taken in that time is given up. */
const EXPORT_MS = 10_000
/** At the end, nobody waits longer for the last spans. */
const LEAVING_MS = 3_000
const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER } as const

/** Spans by OpenTelemetry, sent by OTLP over HTTP some at a time. What cannot be sent is dropped, and holds up nothing. */
export class OpenTelemetry implements Tracing {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  // Ours and not the global one: there may be several services in one process.
  readonly #contexts = new AsyncLocalStorageContextManager().enable()
  readonly #propagator = new W3CTraceContextPropagator()

  constructor({ url, headers, serviceName, version, resource, sampling, log }: OpenTelemetrySettings) {
    const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_MS })
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': serviceName,
        'service.version': version,
        'service.instance.id': randomUUID(),
        ...resource,
      }),
      sampler: samplerOf(sampling),
      spanProcessors: [new BatchSpanProcessor({ exporter: new ToldExporter(exporter, log) })],
    })
    this.#tracer = this.#provider.getTracer('notebook-runner', version)
  }

  start(start: SpanStart): OpenSpan {
    const context = start.parent === undefined ? this.#contexts.active() : this.#contextOf(start.parent)
    const span = this.#tracer.startSpan(start.name, optionsOf(start), context)
    const inside = trace.setSpan(context, span)
    return {
      set: (attributes) => void span.setAttributes(attributes),
      within: (work) => this.#contexts.with(inside, work),
      end: (fault) => finish(span, fault),
    }
  }

  past({ to, fault, ...start }: Parameters<Tracing['past']>[0]): void {
    const span = this.#tracer.startSpan(start.name, optionsOf(start), this.#contexts.active())
    finish(span, fault, to)
  }

  traceparent(): string | undefined {
    const carrier: Record<string, string> = {}
    this.#propagator.inject(this.#contexts.active(), carrier, defaultTextMapSetter)
    return carrier['traceparent']
  }

  logFields(): { readonly trace_id?: string; readonly span_id?: string } {
    const context = trace.getSpanContext(this.#contexts.active())
    return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = timers.setTimeout(LEAVING_MS, undefined, { ref: false })
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late])
    this.#contexts.disable()
  }

  #contextOf({ traceparent, tracestate }: TraceParent): Context {
    const carrier = { traceparent, tracestate }
    return this.#propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
  }
}

const optionsOf = ({ kind, attributes, from }: SpanStart) => ({
  kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind],
  ...(attributes !== undefined && { attributes }),
  ...(from !== undefined && { startTime: from }),
})

function finish(span: Span, fault: string | undefined, at?: Date): void {
  if (fault !== undefined) {
    span.setAttribute('error.type', fault)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end(at)
}

function samplerOf({ root, ratio, parentBased }: OpenTelemetrySettings['sampling']): Sampler {
  const sampler = {
    always: () => new AlwaysOnSampler(),
    never: () => new AlwaysOffSampler(),
    ratio: () => new TraceIdRatioBasedSampler(ratio),
  }[root]()
  return parentBased ? new ParentBasedSampler({ root: sampler }) : sampler
}
