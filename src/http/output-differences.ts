import { createHash } from 'node:crypto'
import { compactJson } from '../notebook/compact-json.ts'
import { equalityKey } from '../notebook/equality-key.ts'
import { isObject, type JsonObject, type JsonValue } from '../notebook/json.ts'
import { cut } from '../notebook/misfit.ts'

/** One of two outputs in one type: text as far as it is told, and of all else (a picture, say) what tells it apart. */
interface OutputSide {
  /** Of its UTF-8. */
  readonly bytes: number
  readonly sha256: string
  readonly text?: string
}

/** One type of an output of two cells: a MIME type, `stdout`, `stderr` or `error`. */
export interface TypeDifference {
  readonly type: string
  readonly is: 'same' | 'different' | 'left-only' | 'right-only'
  /** Left out where both are the same. */
  readonly left?: OutputSide
  readonly right?: OutputSide
}

/** How much of a text is told, in UTF-16 units. */
const MAX_TEXT = 1_000
const SHOWN_AS_TEXT = /^(text\/|application\/(.*\+)?json$|stdout$|stderr$|error$)/

/**
 * What came out of two cells, output by output in their order, and in each by type. Values are the same where their text is,
 * or, of JSON, where JSON Schema says so. Of an error its name and its words count, and not the lines that led there.
 */
export function outputDifferences(
  left: readonly JsonValue[],
  right: readonly JsonValue[],
): ReadonlyArray<readonly TypeDifference[]> {
  const [lefts, rights] = [left, right].map((outputs) => outputs.filter(isObject).map(typesOf))
  const count = Math.max(lefts?.length ?? 0, rights?.length ?? 0)
  return Array.from({ length: count }, (_, index) =>
    differences(lefts?.[index] ?? new Map(), rights?.[index] ?? new Map()),
  )
}

function differences(left: JsonObject, right: JsonObject): readonly TypeDifference[] {
  return [...new Set([...left.keys(), ...right.keys()])].map((type) => {
    const [one, other] = [textOf(left.get(type)), textOf(right.get(type))]
    if (one === undefined || other === undefined)
      return {
        type,
        is: other === undefined ? 'left-only' : 'right-only',
        ...(one !== undefined && { left: sideOf(type, one) }),
        ...(other !== undefined && { right: sideOf(type, other) }),
      }
    if (one.key === other.key) return { type, is: 'same' }
    return { type, is: 'different', left: sideOf(type, one), right: sideOf(type, other) }
  })
}

/** An output as a value for each type. */
function typesOf(output: JsonObject): JsonObject {
  const [kind, data] = [output.get('output_type'), output.get('data')]
  if (isObject(data)) return data
  if (kind === 'stream') {
    const name = output.get('name')
    return new Map([[name === 'stderr' ? 'stderr' : 'stdout', output.get('text') ?? '']])
  }
  if (kind !== 'error') return new Map()
  const words = ['ename', 'evalue'].map((name) => {
    const word = output.get(name)
    return typeof word === 'string' ? word : ''
  })
  return new Map([['error', words.join(': ')]])
}

interface Comparable {
  readonly key: string
  readonly text: string
}

/** A text may stand in lines. */
function textOf(value: JsonValue | undefined): Comparable | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return { key: value, text: value }
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) {
    const text = value.join('')
    return { key: text, text }
  }
  return { key: equalityKey(value), text: compactJson(value) }
}

function sideOf(type: string, { text }: Comparable): OutputSide {
  const sha256 = createHash('sha256').update(text).digest('hex')
  const isText = SHOWN_AS_TEXT.test(type)
  return { bytes: Buffer.byteLength(text), sha256, ...(isText && { text: cut(text, MAX_TEXT) }) }
}
