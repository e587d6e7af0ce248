import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

export interface ExportLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** Says once that spans cannot be delivered, and once that they can again, however often both happen meanwhile. */
export class ToldExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #log: ExportLog
  #failing = false

  constructor(exporter: SpanExporter, log: ExportLog) {
    this.#exporter = exporter
    this.#log = log
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      this.#tell(result)
      // Told here: the SDK would tell it each time.
      done({ code: ExportResultCode.SUCCESS })
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  #tell({ code, error }: ExportResult): void {
    const failed = code !== ExportResultCode.SUCCESS
    if (failed === this.#failing) return
    this.#failing = failed
    const reason = error?.message
    if (failed) this.#log.warn({ reason }, 'Traces cannot be delivered: until they can, they are dropped')
    else this.#log.info({}, 'Traces are delivered again')
  }
}
