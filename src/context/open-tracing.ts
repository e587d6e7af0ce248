import manifest from '../../package.json' with { type: 'json' }
import type { Config } from '../config/config.ts'
import type { Tracing } from '../tracing/tracing.ts'

interface Told {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** Undefined where no traces are wanted: then nothing of OpenTelemetry is loaded. */
export async function openTracing({ tracing }: Config, log: Told): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined
  const { OpenTelemetry } = await import('../tracing/open-telemetry.ts')
  return new OpenTelemetry({ ...tracing, version: manifest.version, log })
}
