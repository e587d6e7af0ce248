import type { InputFormat, InputSchema } from './inputs-schema.ts'
import { fromPlain } from './json.ts'
import { cut, shown } from './misfit.ts'

const MAX_CHOICES = 20

/** Singular and plural. */
const FORMATS: Readonly<Record<InputFormat, readonly [string, string]>> = {
  bbox: ['four numbers minx,miny,maxx,maxy', 'bounding boxes'],
  uri: ['an absolute http, https or s3 URL', 'absolute http, https or s3 URLs'],
  date: ['a date such as 2024-05-31', 'dates such as 2024-05-31'],
  'date-time': [
    'a date and time with an offset, such as 2024-05-31T12:00:00Z',
    'dates and times with an offset, such as 2024-05-31T12:00:00Z',
  ],
  interval: [
    'an interval start/end of dates or times, such as 2024-01-01/2024-06-30 or 2024-01-01/..',
    'intervals start/end of dates or times',
  ],
  geojson: ['GeoJSON: a feature, a geometry or a feature collection', 'GeoJSON objects'],
  'stac-item': ['the URL of a STAC item, or the item as JSON', 'STAC items or their URLs'],
}

const TYPES: Readonly<Record<Exclude<InputSchema['type'], undefined>, readonly [string, string]>> = {
  string: ['text', 'texts'],
  number: ['a number', 'numbers'],
  integer: ['a whole number', 'whole numbers'],
  boolean: ['true or false', 'values true or false'],
  array: ['a list', 'lists'],
  object: ['a JSON object', 'JSON objects'],
}

/** What an input takes, in words that end a sentence: `a whole number from 1 to 10`, `four numbers minx,miny,maxx,maxy`. */
export function schemaTypeText(schema: InputSchema): string {
  return text(schema, 0)
}

function text(schema: InputSchema, plural: 0 | 1): string {
  if (schema.enum !== undefined) return `${plural ? 'values out of ' : 'one of '}${choices(schema.enum)}`
  if (schema.format === 'bbox' && schema.minItems === 6 && !plural)
    return 'six numbers minx,miny,minz,maxx,maxy,maxz'
  if (schema.format === undefined && schema.type === 'array' && !plural) {
    const items = text(schema.items ?? {}, 1)
    return `a list of ${range(schema.minItems, schema.maxItems, ['', ' '])}${items}`
  }
  const base =
    schema.format === undefined ? TYPES[schema.type ?? 'object'][plural] : FORMATS[schema.format][plural]
  const words =
    schema.type === undefined && schema.format === undefined ? ['a value', 'values'][plural] : base
  const { minimum, maximum, minLength, maxLength, pattern } = schema
  const numbers = range(minimum, maximum, [
    minimum !== undefined && maximum !== undefined ? ' from ' : ' of ',
    '',
  ])
  const lengths = range(minLength, maxLength, [' of ', ' characters'])
  return `${words}${numbers}${lengths}${pattern === undefined ? '' : ` that matches ${cut(pattern, 100)}`}`
}

function range(
  least: number | undefined,
  most: number | undefined,
  around: readonly [string, string],
): string {
  const [before, after] = around
  if (least === undefined && most === undefined) return ''
  if (least === most) return `${before}${least}${after}`
  if (least === undefined) return `${before}at most ${most}${after}`
  return `${before}${most === undefined ? `at least ${least}` : `${least} to ${most}`}${after}`
}

function choices(values: readonly unknown[]): string {
  const words = values.slice(0, MAX_CHOICES).map((value) => {
    return typeof value === 'string' && value !== '' ? cut(value, 80) : shown(fromPlain(value))
  })
  return words.join(', ') + (values.length > MAX_CHOICES ? ', …' : '')
}
