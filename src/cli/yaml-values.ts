import { type Document, parseDocument, type ScalarTag } from 'yaml'
import { RunnerError } from '../errors.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue, pythonFloat } from '../notebook/json.ts'

/**
 * A YAML mapping of names to values, read as papermill reads it: YAML 1.1 by PyYAML's rules (`yes` and `on`
 * are true, `010` is 8, `1e5` without a point is text), and dates stay text. Numbers keep their exact
 * value. `source` names the text in the messages. Throws `usage` where it is no such thing, or holds what
 * JSON has no word for.
 */
export function parseYamlValues(text: string, source: string): JsonObject {
  const document = parseDocument(text, {
    version: '1.1',
    schema: 'failsafe',
    customTags: TAGS,
    merge: true,
    resolveKnownTags: false,
  })
  // A tag that is not known here would turn into text by itself.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw unusable(source, problem)
  const value = plainValue(document, source)
  if (value === null) return new Map()
  const values = jsonFrom(value, source)
  if (isObject(values)) return values
  throw new RunnerError('usage', `${source} must hold names with values, such as "year: 2024".`)
}

function plainValue(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ mapAsMap: true })
  } catch (error) {
    // Aliases of aliases, which would fill the memory.
    if (error instanceof ReferenceError) throw unusable(source, error)
    throw error
  }
}

function unusable(source: string, { message }: Error): RunnerError {
  const [reason = ''] = message.split('\n')
  return new RunnerError('usage', `${source} is not YAML that can be used here: ${reason.replace(/:$/, '')}.`)
}

function jsonFrom(value: unknown, source: string): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (value instanceof JsonNumber) return value
  if (Array.isArray(value)) return value.map((item) => jsonFrom(item, source))
  if (!(value instanceof Map))
    throw new RunnerError('usage', `${source} holds a value that JSON has no word for.`)
  const entries = [...value].map(([key, member]) => [keyFrom(key, source), jsonFrom(member, source)] as const)
  return new Map(entries)
}

function keyFrom(key: unknown, source: string): string {
  if (typeof key === 'string') return key
  if (key instanceof JsonNumber && /^-?\d+$/.test(key.raw)) return key.raw
  const shown = key instanceof JsonNumber ? key.raw : String(key)
  throw new RunnerError('usage', `${source} has a name that is not text: put ${shown} in quotes.`)
}

/** PyYAML's resolver.py and constructor.py, of which the patterns are. */
const TAGS: ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
  scalar('bool', /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/, (text) =>
    /^(?:yes|true|on)$/i.test(text),
  ),
  scalar(
    'float',
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    floatFrom,
  ),
  scalar(
    'int',
    /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
    integerFrom,
  ),
]

function scalar(name: string, test: RegExp, read: (text: string) => JsonValue): ScalarTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    test,
    resolve: (text) => read(text),
  }
}

function floatFrom(text: string): JsonNumber {
  const plain = text.replaceAll('_', '').toLowerCase()
  const sign = plain.startsWith('-') ? -1 : 1
  const digits = plain.replace(/^[+-]/, '')
  if (digits === '.nan') return new JsonNumber('NaN')
  if (digits === '.inf') return new JsonNumber(sign < 0 ? '-Infinity' : 'Infinity')
  const value = digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return new JsonNumber(pythonFloat(sign * value))
}

function integerFrom(text: string): JsonNumber {
  const plain = text.replaceAll('_', '')
  const digits = plain.replace(/^[+-]/, '')
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits
  const value = octal.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
  return new JsonNumber(String(plain.startsWith('-') ? -value : value))
}
