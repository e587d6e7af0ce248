import { RunnerError } from '../errors.ts'

/** What is asked of an option of the command line; Commander's own has it. */
interface KnownOption {
  readonly short?: string | undefined
  readonly long?: string | undefined
  /** Whether a value must follow. */
  readonly required: boolean
}

const PAIRS = ['--parameters', '--parameters_raw']

/**
 * Commander's options take one value, papermill's `-p NAME VALUE` takes two, and the second may begin with
 * a dash (`-p lon -4.5`). So both become one argument before Commander sees them:
 * `--parameters=["lon","-4.5"]`, which `parsePair` takes apart again. `options` tell which other arguments
 * are values and not options. Throws `usage`.
 */
export function joinPairs(args: readonly string[], options: readonly KnownOption[]): string[] {
  const joined: string[] = []
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return [...joined, arg, ...rest]
    const { option, attached } = find(arg, options)
    if (option?.long !== undefined && PAIRS.includes(option.long)) {
      const name = attached ?? rest.shift()
      const value = rest.shift()
      joined.push(`${option.long}=${JSON.stringify(checkedPair(option.short ?? option.long, name, value))}`)
    } else {
      joined.push(arg)
      const value = option?.required && attached === undefined ? rest.shift() : undefined
      if (value !== undefined) joined.push(value)
    }
  }
  return joined
}

/** Collects what `joinPairs` joined: for Commander's `argParser`. */
export function parsePair(joined: string, previous: ReadonlyArray<readonly [string, string]> = []) {
  const pair: unknown = JSON.parse(joined)
  const [name, value] = Array.isArray(pair) ? pair : []
  return [...previous, [String(name), String(value)] as const]
}

function find(arg: string, options: readonly KnownOption[]): { option?: KnownOption; attached?: string } {
  const long = arg.startsWith('--')
  if (!long && !/^-[^-]/.test(arg)) return {}
  const end = long ? arg.indexOf('=') : 2
  const flag = end === -1 ? arg : arg.slice(0, end)
  const option = options.find((known) => (long ? known.long : known.short) === flag)
  if (option === undefined) return {}
  if (long) return end === -1 ? { option } : { option, attached: arg.slice(end + 1) }
  return arg.length === 2 ? { option } : { option, attached: arg.slice(2) }
}

function checkedPair(flag: string, name: string | undefined, value: string | undefined): [string, string] {
  const equals = name?.indexOf('=') ?? -1
  if (name !== undefined && equals > 0) {
    const apart = `${flag} ${name.slice(0, equals)} ${shown(name.slice(equals + 1))}`
    throw new RunnerError('usage', `${flag} takes a name and a value as two arguments: ${apart}`)
  }
  if (name === undefined || value === undefined) {
    const got = name === undefined ? 'neither follows' : `no value follows "${name}"`
    throw new RunnerError(
      'usage',
      `${flag} takes a name and a value, such as ${flag} year 2024; here ${got}.`,
    )
  }
  return [name, value]
}

function shown(value: string): string {
  return /^[\w.,:/-]+$/.test(value) ? value : JSON.stringify(value)
}
