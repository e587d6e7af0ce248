import { type Environment, SECRETS, type VariableName } from './env.ts'

/** A setting in force and where its value came from; the value of a secret is masked. */
export interface Setting {
  readonly name: VariableName
  readonly value: string
  readonly from: string
}

type Defaults = Readonly<Partial<Record<VariableName, string>>>

/** Reads settings one by one, notes where each value came from, and collects the faults instead of throwing. */
export class SettingReader {
  readonly faults: string[] = []
  readonly #layers: ReadonlyArray<{ from: string; values: Defaults }>
  readonly #settings = new Map<VariableName, Setting>()

  constructor(env: Environment, base: Defaults, preset: string | undefined, presetDefaults: Defaults) {
    this.#layers = [
      { from: 'environment', values: env },
      { from: `preset ${preset ?? 'local'}`, values: presetDefaults },
      { from: 'default', values: base },
    ]
  }

  settings(): readonly Setting[] {
    return [...this.#settings.values()]
  }

  fault(name: VariableName, message: string): void {
    this.faults.push(`${name} ${withoutSecrets(name, message)}`)
  }

  optional(name: VariableName): string | undefined {
    const layer = this.#layers.find(({ values }) => values[name] !== undefined)
    const value = layer?.values[name]
    if (layer === undefined || value === undefined) return undefined
    const filled = this.#fillDomains(name, value)
    const shown = SECRETS.has(name) ? MASK : withoutSecrets(name, filled)
    this.#settings.set(name, { name, value: shown, from: layer.from })
    return filled === '' ? undefined : filled
  }

  required(name: VariableName): string {
    const value = this.optional(name)
    if (value === undefined) this.fault(name, 'is missing')
    return value ?? ''
  }

  oneOf<const T extends string>(name: VariableName, choices: readonly T[]): T | undefined {
    const value = this.optional(name)?.toLowerCase()
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.fault(name, `must be ${orList(choices)}; got ${quote(value)}`)
    return found
  }

  integer(name: VariableName, min: number, max: number): number | undefined {
    const value = this.optional(name)
    if (value === undefined) return undefined
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    this.fault(name, `must be a whole number from ${min} to ${max}; got ${quote(value)}`)
    return undefined
  }

  list(name: VariableName): readonly string[] {
    const items = this.optional(name)?.split(',') ?? []
    return items.map((item) => item.trim()).filter((item) => item !== '')
  }

  url(
    name: VariableName,
    protocols: readonly string[],
    options: { required?: boolean } = {},
  ): string | undefined {
    const value = options.required ? this.required(name) || undefined : this.optional(name)
    if (value === undefined) return undefined
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value
    const shown = SECRETS.has(name) ? '' : `; got ${quote(value)}`
    this.fault(name, `must be a URL with ${orList(protocols.map((p) => `${p}//`))}${shown}`)
    return undefined
  }

  /** A text with placeholders, of which only `names` are known. */
  template(
    name: VariableName,
    names: readonly string[],
    options: { required?: boolean } = {},
  ): string | undefined {
    const value = options.required ? this.required(name) || undefined : this.optional(name)
    for (const [, placeholder = ''] of (value ?? '').matchAll(/\{([^}]*)\}/g)) {
      if (!names.includes(placeholder)) {
        this.fault(
          name,
          `has the unknown placeholder {${placeholder}}; known are ${names.map((n) => `{${n}}`).join(', ')}`,
        )
      }
    }
    return value
  }

  /** A preset's defaults name the platform's domains; without them they are no value at all. */
  #fillDomains(name: VariableName, value: string): string {
    return value.replace(/\{(PLATFORM_DOMAIN|WORKSPACES_DOMAIN)\}/g, (_, domain: string) => {
      const found =
        (domain === 'WORKSPACES_DOMAIN' ? this.optional('WORKSPACES_DOMAIN') : undefined) ??
        this.optional('PLATFORM_DOMAIN')
      if (found !== undefined && /^[a-z0-9.-]+(:\d+)?$/i.test(found)) return found
      const what = found === undefined ? 'is missing' : `must be a host name; got ${quote(found)}`
      const fault = `PLATFORM_DOMAIN ${what} (or set ${name} itself)`
      if (!this.faults.includes(fault)) this.faults.push(fault)
      return 'unset.invalid'
    })
  }
}

const MASK = '********'

/** A login in any URL; and the query of the catalogue's, which may be signed. */
function withoutSecrets(name: VariableName, text: string): string {
  const plain = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s"]*@/gi, `$1${MASK}@`)
  return name === 'CONFIG_URL'
    ? plain.replace(/([a-z][a-z0-9+.-]*:\/\/[^?\s"]*)\?[^\s"]*/gi, `$1?${MASK}`)
    : plain
}

const quote = (value: string | undefined): string => (value === undefined ? 'nothing' : `"${value}"`)

const orList = (choices: readonly string[]): string =>
  choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
