import type { InputSchema } from '../inputs-schema.ts'
import { JsonNumber, toPlain } from '../json.ts'
import { pythonLiteral } from './python-literal.ts'
import { pythonTokens, type Token } from './python-tokens.ts'

/** A type by its last name, with what is in its brackets. */
interface TypeName {
  readonly name: string
  readonly inside: ReadonlyArray<readonly Token[]>
}

const SIMPLE: ReadonlyMap<string, InputSchema> = new Map<string, InputSchema>([
  ['int', { type: 'integer' }],
  ['float', { type: 'number' }],
  ['str', { type: 'string' }],
  ['bool', { type: 'boolean' }],
  ['Path', { type: 'string' }],
  ['date', { type: 'string', format: 'date' }],
  ['datetime', { type: 'string', format: 'date-time' }],
  ['HttpUrl', { type: 'string', format: 'uri' }],
  ['AnyUrl', { type: 'string', format: 'uri' }],
  ['AnyHttpUrl', { type: 'string', format: 'uri' }],
])
const LISTS: ReadonlySet<string> = new Set([
  'list',
  'List',
  'Sequence',
  'MutableSequence',
  'Iterable',
  'Collection',
  'set',
  'Set',
  'frozenset',
])
const DICTS: ReadonlySet<string> = new Set(['dict', 'Dict', 'Mapping', 'MutableMapping'])
/** What wraps a type without changing what is given for it. */
const WRAPPERS: ReadonlySet<string> = new Set(['Optional', 'Final', 'Annotated', 'ClassVar'])

/** What an annotation says of an input; undefined where it says nothing that a schema could (`Any`, own classes). */
export function schemaOfAnnotation(tokens: readonly Token[], depth = 0): InputSchema | undefined {
  if (depth > 20) return undefined
  const alternatives = split(tokens, '|').filter((part) => !(part.length === 1 && part[0]?.text === 'None'))
  if (alternatives.length !== 1) return unionOf(alternatives, depth)
  const [only = []] = alternatives
  const [first] = only
  if (only.length === 1 && first?.kind === 'string') {
    const quoted = pythonLiteral(only)?.value
    return typeof quoted === 'string' ? schemaOfAnnotation(tokensOf(quoted), depth + 1) : undefined
  }
  const type = typeName(only)
  return type && schemaOfType(type, depth)
}

/** The tokens of an annotation that is text, as in quotes or in a `# type:` comment. */
export function tokensOf(text: string): readonly Token[] {
  try {
    return pythonTokens(text)
  } catch {
    return []
  }
}

function schemaOfType({ name, inside }: TypeName, depth: number): InputSchema | undefined {
  const inner = (index: number) => schemaOfAnnotation(inside[index] ?? [], depth + 1)
  if (WRAPPERS.has(name)) return inner(0)
  if (name === 'Union')
    return unionOf(
      inside.filter((part) => part[0]?.text !== 'None'),
      depth,
    )
  if (name === 'Literal') return choiceOf(inside)
  if (DICTS.has(name)) return { type: 'object' }
  if (LISTS.has(name)) return listOf(inner(0))
  if (name === 'tuple' || name === 'Tuple') {
    const open = inside.length === 0 || inside[1]?.[0]?.text === '...'
    const kinds = inside.map((_part, index) => inner(index))
    const same = kinds.every((kind) => kind?.type === kinds[0]?.type)
    const list = listOf(same ? kinds[0] : undefined)
    return open ? listOf(kinds[0]) : { ...list, minItems: inside.length, maxItems: inside.length }
  }
  return SIMPLE.get(name)
}

function listOf(items: InputSchema | undefined): InputSchema {
  return items === undefined ? { type: 'array' } : { type: 'array', items }
}

/** `int | float` is a number; other types side by side are none that a link could be read by. */
function unionOf(parts: ReadonlyArray<readonly Token[]>, depth: number): InputSchema | undefined {
  const schemas = parts.map((part) => schemaOfAnnotation(part, depth + 1))
  if (schemas.length === 1) return schemas[0]
  const numeric = schemas.every((schema) => schema?.type === 'integer' || schema?.type === 'number')
  return numeric && schemas.length > 0 ? { type: 'number' } : undefined
}

function choiceOf(parts: ReadonlyArray<readonly Token[]>): InputSchema | undefined {
  const values = parts.map((part) => pythonLiteral(part)?.value).filter((value) => value !== null)
  if (values.length === 0) return undefined
  if (values.every((value) => typeof value === 'string')) return { type: 'string', enum: values }
  const integers = values.filter(
    (value) => value instanceof JsonNumber && Number.isSafeInteger(Number(value.raw)),
  )
  if (integers.length < values.length) return undefined
  return { type: 'integer', enum: integers.map((value) => toPlain(value ?? null)) }
}

/** `a.b.Name[…]`, without anything behind it. */
function typeName(tokens: readonly Token[]): TypeName | undefined {
  let at = 0
  let name: string | undefined
  while (tokens[at]?.kind === 'name') {
    name = tokens[at]?.text
    at += 1
    if (tokens[at]?.text !== '.') break
    at += 1
  }
  if (name === undefined) return undefined
  if (at === tokens.length) return { name, inside: [] }
  if (tokens[at]?.text !== '[' || tokens.at(-1)?.text !== ']') return undefined
  return { name, inside: split(tokens.slice(at + 1, -1), ',').filter((part) => part.length > 0) }
}

/** Split at an operator that is not inside brackets. */
export function split(tokens: readonly Token[], operator: string): Array<readonly Token[]> {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.kind === 'op') {
      if ('([{'.includes(token.text)) depth += 1
      if (')]}'.includes(token.text)) depth -= 1
      if (depth === 0 && token.text === operator) {
        parts.push([])
        continue
      }
    }
    parts.at(-1)?.push(token)
  }
  return parts
}
