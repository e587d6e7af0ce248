import type { JsonObject, JsonValue } from './json.ts'
import { jsonBytes, startWithin } from './text-bytes.ts'

export interface ErrorTexts {
  readonly name: string
  readonly value: string
  readonly traceback: readonly string[]
}

/** An error as nbformat has it. */
export function errorOutput({ name, value, traceback }: ErrorTexts): JsonObject {
  return new Map<string, JsonValue>([
    ['ename', name],
    ['evalue', value],
    ['output_type', 'error'],
    ['traceback', [...traceback]],
  ])
}

/** The error in about so many bytes: the end of its traceback is what tells most. */
export function errorWithin(error: JsonObject, bytes: number): JsonObject {
  if (jsonBytes(error) <= bytes) return error
  const lines = error.get('traceback')
  const kept: JsonValue[] = []
  let room = bytes / 2
  for (const line of Array.isArray(lines) ? lines.toReversed() : []) {
    room -= jsonBytes(line)
    if (room < 0) break
    kept.unshift(line)
  }
  const short = (key: string) => {
    const text = error.get(key)
    return typeof text === 'string' ? startWithin(text, bytes / 4) : null
  }
  return new Map([
    ...error,
    ['ename', short('ename')],
    ['evalue', short('evalue')],
    ['traceback', ['[The traceback is cut: only its end is kept.]', ...kept]],
  ])
}
