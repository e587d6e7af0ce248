import { loadConfig } from '../config/config.ts'
import { type ParameterFault, RunnerError } from '../errors.ts'
import { compactJson } from '../notebook/compact-json.ts'
import { parseQuery } from '../notebook/input-values.ts'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import { JsonNumber, type JsonValue } from '../notebook/json.ts'
import { sweepQuery } from '../notebook/sweep.ts'
import { LIMITS, limitsOfLink } from '../run/limits.ts'
import { readLink, withFaults } from '../run/link.ts'
import { isReserved, linkInputs } from '../run/reserved-inputs.ts'
import { print } from './print.ts'

export interface LinkOptions {
  readonly parameters?: ReadonlyArray<readonly [string, string]>
  readonly catalogue?: string
  readonly url?: string
  readonly workspace?: string
  readonly mode?: string
}

/** The most runs that any service makes of a sweep; each may have set fewer. */
const MOST_RUNS = 1_000
/** The same of limits. */
const MOST_LIMITS = Object.fromEntries(LIMITS.map(({ name }) => [name, 999_999_999]))

type Pair = readonly [name: string, text: string]

/**
 * `notebook-runner link`: prints a run link and nothing else. With a catalogue, the link is one that the
 * notebook takes; without one, the parameters are taken as they are.
 */
export async function link(id: string, options: LinkOptions): Promise<void> {
  if (/^\.{0,2}$/.test(id)) throw new RunnerError('usage', `"${id}" cannot be the id of a notebook.`)
  const base = baseUrl(options.url)
  const inputs = options.parameters ?? []
  const controls: Pair[] = []
  if (options.workspace !== undefined) controls.push(['_workspace', options.workspace])
  if (options.mode !== undefined) controls.push(['_mode', options.mode])
  const pairs = options.catalogue === undefined ? inputs : await checked(id, inputs, options.catalogue)
  await print(`${linkText(base, id, [...pairs, ...controls])}\n`)
}

/** The run link to a notebook. `base` has no slash at its end. */
export function linkText(base: string, id: string, pairs: readonly Pair[]): string {
  const query = pairs.map(([name, text]) => `${encode(name)}=${encode(text)}`).join('&')
  return `${base}/run/notebook/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`
}

function baseUrl(given: string | undefined): string {
  if (given === undefined) {
    const { config } = loadConfig()
    return config.publicUrl ?? `http://${config.host}:${config.port}${config.basePath}`
  }
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new RunnerError(
      'usage',
      `--url must be the http(s) address of the service, such as https://runner.example; got "${given}".`,
    )
  }
  return url.href.replace(/\/+$/, '')
}

async function checked(id: string, pairs: readonly Pair[], catalogue: string): Promise<Pair[]> {
  const { withCatalogue } = await import('./open-catalogue.ts')
  const described = await withCatalogue(catalogue, (catalog) => catalog.describe(id))
  const inputs = linkInputs(described.inputs)
  const { inputs: open, controls, faults } = readLink(pairs)
  const reserved = open.filter(([name]) => isReserved(name)).map(reservedFault)
  const free = open.filter(([name]) => !isReserved(name))
  const { each } = controls
  // What the service allows of them is its own matter.
  const wrong = [...faults, ...reserved, ...limitsOfLink(controls.limits, MOST_LIMITS).faults]
  const steering = pairs.filter(([name]) => name.startsWith('_') && name !== '_each')
  if (each.length > 0) {
    withFaults(wrong, () => sweepQuery(inputs, free, each, MOST_RUNS))
    return [...free, ['_each', each.join(',')], ...steering]
  }
  const values = withFaults(wrong, () => parseQuery(inputs, free))
  const names = [...new Set(free.map(([name]) => name))]
  return [...names.flatMap((name) => linkTexts(name, free, values, inputs)), ...steering]
}

function reservedFault([name, received]: Pair): ParameterFault {
  return { name, fault: 'reserved', message: `${name}: set by the platform and by no link.`, received }
}

/** How a link writes the value: a list by commas where that says the same, else just as it was given. */
function linkTexts(
  name: string,
  pairs: readonly Pair[],
  values: ReadonlyMap<string, JsonValue>,
  inputs: InputsSchema,
): Pair[] {
  const given = pairs.filter(([one]) => one === name)
  const value = values.get(name)
  if (!Array.isArray(value)) return given
  const list: Pair = [
    name,
    value.map((item) => (item instanceof JsonNumber ? item.raw : String(item))).join(','),
  ]
  const { properties } = inputs
  const only = {
    ...inputs,
    properties: Object.setPrototypeOf({ [name]: properties[name] }, null),
    required: [],
  }
  const read = parseQuery(only, [list]).get(name)
  return read !== undefined && compactJson(read) === compactJson(value) ? [list] : given
}

/** Percent-encoded, but for what a query may hold as it is (RFC 3986, 3.4) and is better read so. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2C|2F|3A|40)/g, decodeURIComponent)
}
