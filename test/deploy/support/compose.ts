import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

const FILE = join(import.meta.dirname, '../../../deploy/compose.yaml')

export interface ComposeService {
  readonly image: string
  readonly command?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly read_only?: boolean
  readonly tmpfs?: string
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly network_mode?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** `deploy/compose.yaml`, with what is named once and used twice put where it is used. */
export async function readCompose(): Promise<Compose> {
  return parse(await readFile(FILE, 'utf8'), { merge: true })
}

/**
 * The environment of a service, with the variables of `env` filled in as Compose does it: `${NAME:-default}` and
 * `${NAME:?what to say}`. Throws where a needed one is missing, with what there is to say.
 */
export function composeEnvironment(
  { services }: Compose,
  name: string,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const fill = (text: string) =>
    text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, variable: string, kind: string, rest: string) => {
      const value = env[variable] ?? ''
      if (value === '' && kind === '?') throw new Error(rest)
      return value === '' ? rest : value
    })
  const own = services[name]?.environment ?? {}
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, fill(value)]))
}
