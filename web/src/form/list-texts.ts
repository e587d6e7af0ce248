import type { InputSchema } from '../api/processes.ts'
import { valueText } from '../components/value-text.ts'

/** Items of these are not split at commas by the server. */
const isWhole = ({ items }: InputSchema): boolean => items?.type === 'object' || items?.format === 'geojson'

/** The items of a list input as the server reads them from a link (src/notebook/query-value.ts). */
export function readItems(schema: InputSchema, texts: readonly string[]): readonly string[] {
  const given = texts.filter((text) => text !== '')
  const [text = ''] = given
  if (given.length !== 1) return given
  if (/^\s*\[/.test(text)) return jsonItems(text) ?? [text]
  return isWhole(schema) ? [text] : text.split(',').map((part) => part.trim())
}

function jsonItems(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.map(valueText) : undefined
  } catch {
    return undefined
  }
}

/** The texts of a link that are read as these items: with commas between them where that is the same, else repeated. */
export function writeItems(schema: InputSchema, items: readonly string[]): readonly string[] {
  const given = items.filter((item) => item !== '')
  const plain = !isWhole(schema) && given.every((item) => !item.includes(',') && !/^\s*\[|^\s|\s$/.test(item))
  if (plain) return given.length === 0 ? [] : [given.join(',')]
  // One alone that has a comma in it would be split.
  return given.length === 1 && !isWhole(schema) ? [JSON.stringify(given)] : given
}
