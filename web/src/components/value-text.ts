/** A value of an input as a link carries it (src/notebook/query-value.ts); of none and of null it carries nothing. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.length > 0 && value.every(isPlainItem)) return value.map(String).join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** It is read the same from a list with commas. */
const isPlainItem = (item: unknown): boolean =>
  typeof item === 'string'
    ? item !== '' && !/,|^\s|\s$|^\[/.test(item)
    : typeof item === 'number' || typeof item === 'boolean'

const MAX_SHOWN = 60

/** A value as a link carries it, cut short. */
function shortText(value: unknown): string {
  const text = valueText(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** For people: nothing is said to be nothing. */
export const givenText = (value: unknown): string =>
  value === undefined || value === null ? 'not given' : valueText(value)

/** What was given, at a glance: `year=2024, area=…`. */
export const parametersText = (parameters: Readonly<Record<string, unknown>>): string =>
  Object.entries(parameters)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${shortText(value)}`)
    .join(', ')
