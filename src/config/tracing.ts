import type { SettingReader } from './setting-reader.ts'

/** Traces, by OpenTelemetry; the settings are OpenTelemetry's own. */
export interface TracingConfig {
  /** With the path of traces. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly resource: Readonly<Record<string, string>>
  readonly sampling: {
    readonly root: 'always' | 'never' | 'ratio'
    readonly ratio: number
    readonly parentBased: boolean
  }
}

const SAMPLERS = {
  always_on: { root: 'always', parentBased: false },
  always_off: { root: 'never', parentBased: false },
  traceidratio: { root: 'ratio', parentBased: false },
  parentbased_always_on: { root: 'always', parentBased: true },
  parentbased_always_off: { root: 'never', parentBased: true },
  parentbased_traceidratio: { root: 'ratio', parentBased: true },
} as const
const SAMPLER_NAMES = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** Undefined where there is no OTEL_EXPORTER_OTLP_ENDPOINT. */
export function readTracing(read: SettingReader): TracingConfig | undefined {
  const endpoint = read.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:'])
  const headers = readPairs(read, 'OTEL_EXPORTER_OTLP_HEADERS')
  const resource = readPairs(read, 'OTEL_RESOURCE_ATTRIBUTES')
  const sampler = read.oneOf('OTEL_TRACES_SAMPLER', SAMPLER_NAMES) ?? 'parentbased_always_on'
  const ratio = readRatio(read)
  const serviceName = read.required('OTEL_SERVICE_NAME')
  if (endpoint === undefined) return undefined
  return {
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers,
    serviceName,
    resource,
    sampling: { ...SAMPLERS[sampler], ratio },
  }
}

function readRatio(read: SettingReader): number {
  const text = read.optional('OTEL_TRACES_SAMPLER_ARG')
  if (text === undefined) return 1
  const ratio = /^\d(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (!(ratio <= 1)) read.fault('OTEL_TRACES_SAMPLER_ARG', `must be a number from 0 to 1; got "${text}"`)
  return ratio
}

/** `key=value` by comma, values with percent signs as in addresses, as OpenTelemetry has it. */
function readPairs(
  read: SettingReader,
  name: 'OTEL_EXPORTER_OTLP_HEADERS' | 'OTEL_RESOURCE_ATTRIBUTES',
): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {}
  for (const item of read.list(name)) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(item) ?? []
    try {
      pairs[key.trim()] = decodeURIComponent(value.trim())
      if (key.trim() !== '') continue
    } catch {
      // Told below: a text with a lone percent sign.
    }
    // Not the text: it may be a secret.
    read.fault(name, 'must be key=value by comma, with %25 for a percent sign and %2C for a comma')
  }
  return pairs
}
