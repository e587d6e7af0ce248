import { valueText } from '../form/list-texts.ts'

const MAX_SHOWN = 60

/** A value as a link carries it, cut short. */
function shortText(value: unknown): string {
  const text = valueText(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** What was given, at a glance: `year=2024, area=…`. */
export const parametersText = (parameters: Readonly<Record<string, unknown>>): string =>
  Object.entries(parameters)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${shortText(value)}`)
    .join(', ')
