/** A value as a link carries it: lists of plain things by comma, the rest as JSON. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' || typeof item === 'number'))
    return value.join(',')
  return JSON.stringify(value) ?? ''
}

const MAX_SHOWN = 60

/** The same cut short, for a glance. */
export function shortText(value: unknown): string {
  const text = valueText(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** What was given, at a glance: `year=2024, area=…`. */
export const parametersText = (parameters: Readonly<Record<string, unknown>>): string =>
  Object.entries(parameters)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${shortText(value)}`)
    .join(', ')
