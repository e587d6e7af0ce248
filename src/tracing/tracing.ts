/** What is said of a span. Never a token, a value of a parameter, or an error's message: these may hold either. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** As of the headers of the same names (W3C Trace Context). */
export interface TraceParent {
  readonly traceparent: string | undefined
  readonly tracestate?: string | undefined
}

export interface SpanStart {
  readonly name: string
  /** `server`: somebody waits for the answer; `consumer`: it was asked for before, and is done now. */
  readonly kind?: 'server' | 'consumer'
  readonly attributes?: Attributes
  /** Where the trace comes from that it goes on with; unset: a child of the span that we are in. */
  readonly parent?: TraceParent
  /** Unset: now. */
  readonly from?: Date
}

/** A span that has begun. */
export interface OpenSpan {
  set(attributes: Attributes): void
  /** What is done in `work`, and later by what it begins, is in this span. */
  within<T>(work: () => T): T
  /** @param fault what went wrong, in a word of a closed list such as the code of an error */
  end(fault?: string): void
}

/** Spans, where they are wanted; in their place there is `undefined` where they are not. */
export interface Tracing extends AsyncDisposable {
  start(span: SpanStart): OpenSpan
  /** A span that is over already. */
  past(span: SpanStart & { readonly from: Date; readonly to: Date; readonly fault?: string }): void
  /** The span that we are in, for who goes on with it elsewhere. */
  traceparent(): string | undefined
  /** For each line of the log. */
  logFields(): { readonly trace_id?: string; readonly span_id?: string }
}
