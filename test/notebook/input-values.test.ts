import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactJson } from '../../src/notebook/compact-json.ts'
import { schemaTypeText } from '../../src/notebook/input-text.ts'
import { parseQuery, parseValues, schemaProblem } from '../../src/notebook/input-values.ts'
import type { InputSchema } from '../../src/notebook/inputs-schema.ts'
import { fromPlain, isObject, type JsonValue, parseJson } from '../../src/notebook/json.ts'
import { errorOf, inputs } from '../support/inputs.ts'

const BBOX: InputSchema = { type: 'array', format: 'bbox', items: { type: 'number' } }
const URL_TEXT: InputSchema = { type: 'string', format: 'uri' }
const URLS: InputSchema = { type: 'array', items: URL_TEXT, maxItems: 10 }

/** What a link gives one input `x`, as JSON. */
function link(schema: InputSchema, query: string, required = false): string {
  const values = parseQuery(inputs({ x: schema }, required ? ['x'] : []), new URLSearchParams(query))
  const value = values.get('x')
  return value === undefined ? 'nothing' : compactJson(value)
}

/** What the one fault of a link says. */
function fault(schema: InputSchema, query: string, required = false): string {
  const error = errorOf(() => link(schema, query, required))
  expect(error.code).toBe('invalid-parameters')
  expect(error.errors).toHaveLength(1)
  return error.errors?.[0]?.message ?? ''
}

function body(schema: InputSchema, json: string): string {
  const value = parseJson(`{"x":${json}}`)
  if (!isObject(value)) throw new Error('an object is expected')
  return compactJson(parseValues(inputs({ x: schema }), value).get('x') ?? null)
}

describe('numbers of a link', () => {
  it.each([
    ['1', '1.0'],
    ['0.30', '0.3'],
    ['-0', '-0.0'],
    ['.5', '0.5'],
    ['007.5', '7.5'],
    ['1e3', '1000.0'],
    ['1E-7', '1e-07'],
    ['1e%2B3', '1000.0'],
    ['0.1000000000000000055511151231257827', '0.1'],
    ['12345678901234567890', '1.2345678901234567e+19'],
  ])('takes %s as the float %s', (text, raw) => {
    expect(link({ type: 'number' }, `x=${text}`)).toBe(raw)
  })

  it.each([
    'NaN',
    'Infinity',
    '-inf',
    '0x10',
    '1_000',
    '1 000',
    ' 1',
    '%201',
    '1.',
    '%2B1',
    '1e400',
    '1,5',
    'one',
    '٣',
    '--1',
    '1e',
  ])('refuses %s', (text) => {
    expect(fault({ type: 'number' }, `x=${text}`)).toMatch(/^x: expected a number; got .+\.$/)
  })

  it.each([
    ['1', '1'],
    ['-007', '-7'],
    ['-0', '0'],
    ['00', '0'],
    ['1.0', '1'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
  ])('takes %s as the integer %s', (text, raw) => {
    expect(link({ type: 'integer' }, `x=${text}`)).toBe(raw)
  })

  it.each(['1.5', '1e3', 'true', '1n', '9'.repeat(5000)])('refuses %s as an integer', (text) => {
    expect(fault({ type: 'integer' }, `x=${text}`)).toMatch(/^x: expected a whole number; got /)
  })

  it('compares limits exactly, whatever the size', () => {
    const schema: InputSchema = { type: 'integer', minimum: 0, maximum: 2 ** 60 }
    expect(link(schema, `x=${2n ** 60n}`)).toBe(String(2n ** 60n))
    expect(fault(schema, `x=${2n ** 60n + 1n}`)).toContain(
      'expected a whole number from 0 to 115292150460684',
    )
    expect(fault(schema, 'x=-1')).toContain('got -1')
  })
})

describe('booleans of a link', () => {
  it.each(['true', 'True', 'TRUE', '1', 'yes', 'on'])('takes %s', (text) => {
    expect(link({ type: 'boolean' }, `x=${text}`)).toBe('true')
  })
  it.each(['false', 'False', '0', 'no', 'off'])('takes %s', (text) => {
    expect(link({ type: 'boolean' }, `x=${text}`)).toBe('false')
  })
  it.each(['2', 'y', 'null', 'truee'])('refuses %s', (text) => {
    expect(fault({ type: 'boolean' }, `x=${text}`)).toBe(`x: expected true or false; got "${text}".`)
  })
})

describe('a bounding box', () => {
  it.each([
    ['-4.5,53.1,-4.4,53.2', '[-4.5,53.1,-4.4,53.2]'],
    ['0, 0, 1, 1', '[0.0,0.0,1.0,1.0]'],
    ['[-180,-90,180,90]', '[-180.0,-90.0,180.0,90.0]'],
    ['0,0,-10,1,1,10', '[0.0,0.0,-10.0,1.0,1.0,10.0]'],
  ])('takes %s', (text, json) => {
    expect(link(BBOX, `x=${encodeURIComponent(text)}`)).toBe(json)
  })

  it('may cross the antimeridian, where minx is greater than maxx', () => {
    expect(link(BBOX, 'x=177,-20,-178,-16')).toBe('[177.0,-20.0,-178.0,-16.0]')
  })

  it.each([
    ['1,2,3', 'got 3 numbers'],
    ['1,2,3,4,5', 'got 5 numbers'],
    ['1,60,2,50', 'miny 60.0 is greater than maxy 50.0'],
    ['0,0,9,1,1,3', 'minz 9.0 is greater than maxz 3.0'],
    ['-181,0,1,1', 'minx -181.0 is not between -180 and 180 degrees'],
    ['0,0,1,90.5', 'maxy 90.5 is not between -90 and 90 degrees'],
    ['1,2,x,4', 'value 3: got "x"'],
    ['1,2,NaN,4', 'value 3: got "NaN"'],
    ['1,2,,4', 'value 3: got ""'],
    ['[1,2,3,NaN]', 'value 4: got NaN'],
    ['[1,2,3', "',' or ']' is expected at line 1, column 7"],
  ])('refuses %s: %s', (text, problem) => {
    const message = fault(BBOX, `x=${encodeURIComponent(text)}`)
    expect(message).toContain('x: expected four numbers minx,miny,maxx,maxy; ')
    expect(message).toContain(problem)
  })
})

describe('a list of a link', () => {
  it.each([
    ['x=https://a/1.tif,https://a/2.tif', '["https://a/1.tif","https://a/2.tif"]'],
    ['x=https://a/1.tif&x=https://a/2.tif', '["https://a/1.tif","https://a/2.tif"]'],
    ['x=https://a/1,2.tif&x=https://a/3.tif', '["https://a/1,2.tif","https://a/3.tif"]'],
    ['x=["https://a/1,2.tif"]', '["https://a/1,2.tif"]'],
    ['x=https://a/1.tif&x=', '["https://a/1.tif"]'],
    ['x=[]', '[]'],
  ])('takes %s', (query, json) => {
    expect(link(URLS, query)).toBe(json)
  })

  it('takes a comma for the end of a value, encoded or not, unless it is JSON or repeated', () => {
    expect(fault(URLS, 'x=https://a/1%2C2.tif')).toContain('value 2: got "2.tif"')
  })

  it('counts its values', () => {
    const many = Array.from({ length: 11 }, (_, index) => `x=https://a/${index}`).join('&')
    expect(fault(URLS, many)).toBe(
      'x: expected a list of at most 10 absolute http, https or s3 URLs; got a list of 11 values.',
    )
  })

  it('takes typed values', () => {
    expect(link({ type: 'array', items: { type: 'integer' } }, 'x=1, 2,3')).toBe('[1,2,3]')
    expect(fault({ type: 'array', items: { type: 'integer' } }, 'x=["1"]')).toContain('value 1: got "1"')
    expect(link({ type: 'array' }, 'x=1,a')).toBe('[1,"a"]')
  })
})

describe('formats of text', () => {
  it.each([
    ['uri', 'https://example.org/a%20b.tif?x=1#f'],
    ['uri', 's3://bucket/key/é.tif'],
    ['uri', 'HTTP://127.0.0.1:8000/x'],
    ['date', '2024-02-29'],
    ['date-time', '2024-05-31T12:00:00Z'],
    ['date-time', '2024-05-31T12:00:00.123+05:30'],
    ['interval', '2024-01-01/2024-06-30'],
    ['interval', '2024-01-01T00:00:00Z/..'],
    ['interval', '../2024-01-01'],
    ['interval', '2024-01-01/2024-01-01'],
  ] as const)('%s: takes %s as it is', (format, text) => {
    expect(link({ type: 'string', format }, `x=${encodeURIComponent(text)}`)).toBe(JSON.stringify(text))
  })

  it.each([
    ['uri', 'example.org/a.tif', 'got "example.org/a.tif"'],
    ['uri', 'file:///etc/passwd', 'got'],
    ['uri', 'javascript:alert(1)', 'got'],
    ['uri', 'https:/example.org', 'got'],
    ['uri', 'https://', 'got'],
    ['uri', 'https://[::1', 'got'],
    ['uri', 'https://user:word@example.org/', 'user name or a password'],
    ['uri', 'https://@example.org/', 'user name or a password'],
    ['uri', 'https://a.org/b c', 'a blank'],
    ['uri', 'https://a.org/\nb', 'control character'],
    ['uri', 'https://a.org\\@b.org', 'backslash'],
    ['uri', `https://a.org/${'a'.repeat(9000)}`, 'more than 8192 characters'],
    ['date', '2023-02-29', 'there is no day 2023-02-29'],
    ['date', '2024-13-01', 'there is no day'],
    ['date', '24-01-01', 'got'],
    ['date', '2024-01-01T00:00:00Z', 'got'],
    ['date-time', '2024-05-31', 'got'],
    ['date-time', '2024-05-31T12:00:00', 'got'],
    ['date-time', '2024-05-31T24:00:00Z', 'there is no time'],
    ['date-time', '2024-02-30T12:00:00Z', 'there is no time'],
    ['date-time', '2024-05-31T12:00:60Z', 'got'],
    ['date-time', '2024-05-31T12:00:00 01:00', 'write the + of an offset as %2B'],
    ['interval', '2024-01-01', 'got'],
    ['interval', '../..', 'both ends are open'],
    ['interval', '2024-06-30/2024-01-01', 'its start 2024-06-30 is after its end 2024-01-01'],
    ['interval', '2024-01-01/2024-02-30', 'there is no day 2024-02-30'],
    ['interval', '2024-01-01/2024-01-02/2024-01-03', 'got'],
  ] as const)('%s: refuses %j', (format, text, problem) => {
    const message = fault({ type: 'string', format }, `x=${encodeURIComponent(text)}`)
    expect(message).toContain(`x: expected ${schemaTypeText({ type: 'string', format })}; `)
    expect(message).toContain(problem)
  })
})

describe('GeoJSON and STAC items', () => {
  const ring = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 0],
  ]
  const polygon = { type: 'Polygon', coordinates: [ring] }
  const feature = { type: 'Feature', properties: null, geometry: polygon }
  const item = { ...feature, id: 'a', stac_version: '1.0.0', properties: {}, links: [], assets: {} }
  const query = (value: unknown) => `x=${encodeURIComponent(JSON.stringify(value))}`

  it.each([
    polygon,
    feature,
    { type: 'FeatureCollection', features: [feature] },
    { type: 'Point', coordinates: [1, 2, 3] },
    {
      type: 'MultiLineString',
      coordinates: [
        [
          [0, 0],
          [1, 1],
        ],
      ],
    },
    { type: 'GeometryCollection', geometries: [polygon] },
    { ...feature, geometry: null },
  ])('takes %j as the text that came, or as the object, by the declared type', (value) => {
    const text = JSON.stringify(value)
    expect(link({ type: 'string', format: 'geojson' }, query(value))).toBe(JSON.stringify(text))
    expect(link({ type: 'object', format: 'geojson' }, query(value))).toBe(text)
    expect(body({ type: 'string', format: 'geojson' }, text)).toBe(JSON.stringify(text))
    expect(body({ type: 'object', format: 'geojson' }, JSON.stringify(text))).toBe(text)
  })

  it.each([
    [{ type: 'Polygon', coordinates: [ring.slice(0, 3)] }, 'a ring has at least 4 positions'],
    [{ type: 'Polygon', coordinates: [[...ring.slice(0, 3), [9, 9]]] }, 'a ring ends where it starts'],
    [{ type: 'Polygon' }, 'a Polygon has "coordinates"'],
    [{ type: 'Point', coordinates: ['1', 2] }, 'a position is a list of at least 2 numbers'],
    [{ type: 'Circle' }, 'its type is "Circle"'],
    [{ type: 'Feature', geometry: polygon }, '"properties"'],
    [{ type: 'Feature', properties: {} }, '"geometry"'],
    [{ type: 'FeatureCollection', features: [polygon] }, 'is no Feature'],
    [[feature], 'GeoJSON is a JSON object'],
    [{ type: '__proto__' }, 'its type is "__proto__"'],
  ])('refuses %j', (value, problem) => {
    expect(fault({ type: 'string', format: 'geojson' }, query(value))).toContain(problem)
  })

  it('refuses what is no JSON, with where it breaks', () => {
    expect(fault({ type: 'string', format: 'geojson' }, 'x={"type":')).toContain('it is not JSON: ')
    expect(fault({ type: 'string', format: 'geojson' }, 'x=Point')).toContain('got "Point"')
  })

  it('refuses collections nested without end', () => {
    const nested = '{"type":"GeometryCollection","geometries":['.repeat(50) + ']}'.repeat(50)
    expect(fault({ type: 'string', format: 'geojson' }, `x=${encodeURIComponent(nested)}`)).toContain('deep')
  })

  it('takes a STAC item as its URL or as JSON', () => {
    const schema: InputSchema = { type: 'string', format: 'stac-item' }
    expect(link(schema, 'x=https://a/item.json')).toBe('"https://a/item.json"')
    expect(link(schema, query(item))).toBe(JSON.stringify(JSON.stringify(item)))
    expect(fault(schema, query(feature))).toContain('a STAC item has a text "id"')
    expect(fault(schema, query({ ...item, assets: [] }))).toContain('"assets"')
    expect(fault({ ...schema, type: 'object' }, 'x=https://a/item.json')).toContain(
      'got "https://a/item.json"',
    )
    expect(fault(schema, 'x=item')).toContain('got "item"')
  })
})

describe('limits of text', () => {
  it('matches patterns as JSON Schema does: anywhere', () => {
    expect(link({ type: 'string', pattern: '^S2[AB]_' }, 'x=S2A_1')).toBe('"S2A_1"')
    expect(link({ type: 'string', pattern: 'b' }, 'x=abc')).toBe('"abc"')
    expect(fault({ type: 'string', pattern: '^b$' }, 'x=abc')).toBe(
      'x: expected text that matches ^b$; got "abc".',
    )
  })

  it('counts characters, not UTF-16 units', () => {
    expect(link({ type: 'string', maxLength: 1 }, `x=${encodeURIComponent('😀')}`)).toBe('"😀"')
    expect(fault({ type: 'string', minLength: 2 }, `x=${encodeURIComponent('😀')}`)).toContain(
      'got 1 characters',
    )
  })

  it('takes one of the choices', () => {
    const schema: InputSchema = { type: 'integer', enum: [10, 20] }
    expect(link(schema, 'x=20')).toBe('20')
    expect(fault(schema, 'x=30')).toBe('x: expected one of 10, 20; got 30.')
    expect(link({ type: 'number', enum: [1] }, 'x=1.00')).toBe('1.0')
    expect(fault({ type: 'string', enum: ['a'] }, 'x=A')).toBe('x: expected one of a; got "A".')
  })

  it('refuses half a character', () => {
    expect(() => body({ type: 'string' }, '"\\ud800"')).toThrow('lone surrogate')
  })
})

describe('an input without a type', () => {
  it.each([
    ['2024', '2024'],
    ['1.50', '1.50'],
    ['true', 'true'],
    ['null', 'null'],
    ['"1"', '"1"'],
    ['[1,"a"]', '[1,"a"]'],
    ['{"__proto__":1}', '{"__proto__":1}'],
    ['abc', '"abc"'],
    ['NaN', '"NaN"'],
    ['[1', '"[1"'],
  ])('takes %s as JSON, or else as text', (text, json) => {
    expect(link({}, `x=${encodeURIComponent(text)}`)).toBe(json)
  })
})

describe('what is not given', () => {
  it('gets its default, else null, in the order of the schema', () => {
    const schema = inputs({
      b: { type: 'number', default: 1 },
      a: {},
      c: BBOX,
      d: { 'x-own-default': 'now()' },
    })
    const values = parseQuery(schema, new URLSearchParams('c=0,0,1,1'))
    expect([...values.keys()]).toEqual(['b', 'a', 'c'])
    expect(compactJson(new Map(values))).toBe('{"b":1.0,"a":null,"c":[0.0,0.0,1.0,1.0]}')
  })

  it('is an error where it is required', () => {
    expect(fault(URL_TEXT, '', true)).toBe('x: missing; expected an absolute http, https or s3 URL.')
    expect(fault({ type: 'string' }, 'x=', true)).toBe('x: missing; expected text.')
  })

  it('is what a form submits empty', () => {
    expect(link({ type: 'integer', default: 3 }, 'x=')).toBe('3')
    expect(link(BBOX, 'x=&x=&x=&x=')).toBe('null')
    expect(link({ type: 'string' }, 'x=')).toBe('null')
    expect(link({ type: 'string', 'x-own-default': 'f()' }, 'x=')).toBe('nothing')
    expect(link({ type: 'string', format: 'date', default: '2024-01-01' }, 'x=')).toBe('"2024-01-01"')
  })

  it('is not the empty text of a plain text input with a default', () => {
    expect(link({ type: 'string', default: 'a' }, 'x=')).toBe('""')
    expect(body({ type: 'string' }, '""')).toBe('""')
  })

  it('may be null in a body, where leaving it out gives null', () => {
    expect(body(BBOX, 'null')).toBe('null')
    expect(() => body({ type: 'integer', default: 3 }, 'null')).toThrow(
      'x: expected a whole number; got null.',
    )
    const required = inputs({ x: { type: 'integer' } }, ['x'])
    expect(() => parseValues(required, new Map([['x', null]]))).toThrow('got null')
  })
})

describe('faults', () => {
  it('come all at once, each with its name, what came, what is expected and the nearest name', () => {
    const schema = inputs({ red_url: URL_TEXT, bbox: BBOX, scale: { type: 'integer' } }, ['red_url'])
    const error = errorOf(() =>
      parseQuery(schema, new URLSearchParams('Red-URL=x&bbox=1,2,3&scale=1&scale=2&zzz=1&toString=1')),
    )
    expect(error.errors).toEqual([
      {
        name: 'red_url',
        fault: 'missing',
        message: 'red_url: missing; expected an absolute http, https or s3 URL.',
        expected: 'an absolute http, https or s3 URL',
      },
      {
        name: 'bbox',
        fault: 'invalid',
        message: 'bbox: expected four numbers minx,miny,maxx,maxy; got 3 numbers.',
        received: '1,2,3',
        expected: 'four numbers minx,miny,maxx,maxy',
      },
      {
        name: 'scale',
        fault: 'repeated',
        message: 'scale: expected a whole number; it is given 2 times.',
        received: '1,2',
        expected: 'a whole number',
      },
      {
        name: 'Red-URL',
        fault: 'unknown',
        message: 'Red-URL: the notebook takes no such input; did you mean red_url?',
        received: 'x',
        expected: 'one of red_url, bbox, scale',
        nearest: 'red_url',
      },
      {
        name: 'zzz',
        fault: 'unknown',
        message: 'zzz: the notebook takes no such input; expected one of red_url, bbox, scale.',
        received: '1',
        expected: 'one of red_url, bbox, scale',
      },
      {
        name: 'toString',
        fault: 'unknown',
        message: 'toString: the notebook takes no such input; expected one of red_url, bbox, scale.',
        received: '1',
        expected: 'one of red_url, bbox, scale',
      },
    ])
    expect(error.message).toBe(error.errors?.map((one) => one.message).join(' '))
  })

  it('tell back no more than 200 characters of a value or a name', () => {
    const error = errorOf(() => link({ type: 'integer' }, `x=${'a'.repeat(5000)}&${'b'.repeat(5000)}=1`))
    expect(error.errors?.map((one) => [one.received?.length, one.name.length])).toEqual([
      [201, 1],
      [1, 201],
    ])
    expect(error.message.length).toBeLessThan(1000)
  })

  it('are no more than a hundred', () => {
    const query = Array.from({ length: 5000 }, (_, index) => `u${index}=1`).join('&')
    expect(errorOf(() => link({}, query)).errors).toHaveLength(100)
  })

  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', '__proto__[x]'])(
    '%s is a name like any other',
    (name) => {
      const error = errorOf(() => link({ type: 'string' }, `${encodeURIComponent(name)}=1`))
      expect(error.errors?.map((one) => [one.fault, one.name])).toEqual([['unknown', name]])
      const values = new Map<string, JsonValue>([[name, new Map([['x', true]])]])
      expect(errorOf(() => parseValues(inputs({}), values)).errors?.[0]?.expected).toBe('no inputs')
      expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('x')
    },
  )

  it('an input may be called constructor', () => {
    const values = parseQuery(inputs(Object.fromEntries([['constructor', { type: 'integer' }]])), [
      ['constructor', '1'],
    ])
    expect(compactJson(new Map(values))).toBe('{"constructor":1}')
  })
})

describe('typed values', () => {
  it.each([
    [{ type: 'integer' }, '"5"'],
    [{ type: 'boolean' }, '1'],
    [{ type: 'string' }, '1'],
    [BBOX, '"0,0,1,1"'],
    [{ type: 'object' }, '[]'],
  ] as const)('are strict: %j refuses %s', (schema, json) => {
    expect(() => body(schema, json)).toThrow(/^x: expected .*; got /)
  })

  it('keep every digit', () => {
    expect(body({ type: 'integer' }, '123456789012345678901234567890')).toBe('123456789012345678901234567890')
    expect(body({ type: 'number' }, '1')).toBe('1.0')
    expect(body({ type: 'object' }, '{"b":1.50,"a":{"__proto__":1e-07}}')).toBe(
      '{"b":1.50,"a":{"__proto__":1e-07}}',
    )
  })

  it('fit exactly where a JSON Schema validator says so', () => {
    const simple: fc.Arbitrary<InputSchema> = fc.oneof(
      fc.record({
        type: fc.constant('integer' as const),
        minimum: fc.integer({ min: -9, max: 0 }),
        maximum: fc.nat(9),
      }),
      fc.record({
        type: fc.constant('number' as const),
        minimum: fc.double({ noNaN: true, min: -5, max: 5 }),
      }),
      fc.record({
        type: fc.constant('string' as const),
        minLength: fc.nat(2),
        maxLength: fc.integer({ min: 2, max: 4 }),
      }),
      fc.record({
        type: fc.constantFrom<NonNullable<InputSchema['type']>>(
          'string',
          'boolean',
          'object',
          'integer',
          'number',
        ),
      }),
      fc.record({
        enum: fc.uniqueArray(fc.oneof(fc.integer({ max: 3, min: -3 }), fc.constantFrom('a', '', true)), {
          minLength: 1,
        }),
      }),
      fc.constantFrom<InputSchema>({ type: 'string', pattern: '^a' }, {}),
    )
    const schemas = fc.oneof(
      simple,
      fc.record({
        type: fc.constant('array' as const),
        items: simple,
        minItems: fc.nat(1),
        maxItems: fc.integer({ min: 1, max: 3 }),
      }),
    )
    const leaf = fc.oneof(
      fc.integer({ min: -12, max: 12 }),
      fc.double({ noNaN: true, min: -10, max: 10 }),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom('a', 'ab'),
      fc.boolean(),
      fc.constant({}),
    )
    const ajv = new Ajv2020({ strict: false })
    fc.assert(
      fc.property(schemas, fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })), (schema, value) => {
        const fits = ajv.validate(schema, value)
        const given = new Map([['x', fromPlain(value)]])
        if (fits) parseValues(inputs({ x: schema }), given)
        else expect(() => parseValues(inputs({ x: schema }), given)).toThrow('x: expected')
      }),
      { numRuns: 2000, examples: [[{ enum: [0] }, -0]] },
    )
  })
})

describe('a link of typed values', () => {
  it('gives back what was written into it', () => {
    const cases = fc.oneof(
      fc.tuple(fc.constant<InputSchema>({ type: 'integer' }), fc.bigInt().map(String)),
      fc.tuple(fc.constant<InputSchema>({ type: 'boolean' }), fc.boolean().map(String)),
      fc.tuple(
        fc.constant<InputSchema>({ type: 'object' }),
        fc.dictionary(fc.string(), fc.string()).map((plain) => JSON.stringify(plain)),
      ),
      fc.tuple(
        fc.constant<InputSchema>({ type: 'array', items: { type: 'string' } }),
        fc.array(fc.string({ unit: 'grapheme' })).map((plain) => JSON.stringify(plain)),
      ),
    )
    fc.assert(
      fc.property(cases, ([schema, json]) => {
        expect(link(schema, `x=${encodeURIComponent(json)}`)).toBe(compactJson(parseJson(json)))
      }),
    )
  })

  it('keeps text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(link({ type: 'string' }, `x=${encodeURIComponent(text)}`)).toBe(JSON.stringify(text))
      }),
    )
  })
})

describe('a schema that is wrong itself', () => {
  it.each([
    [{ type: 'string', pattern: '[' }, 'its pattern cannot be used: it is not a regular expression'],
    [
      { type: 'string', pattern: '(?=a)b' },
      'its pattern cannot be used: it is not a regular expression of RE2',
    ],
    [{ type: 'integer', default: 1.5 }, 'its default does not fit: got 1.5'],
    [{ type: 'integer', enum: [1], default: 2 }, 'its default does not fit: got 2'],
    [{ type: 'integer', enum: ['1'] }, 'one of its choices does not fit its type: got "1"'],
  ] as const)('%j', (schema, problem) => {
    expect(schemaProblem(schema)).toContain(problem)
  })

  it('is told apart from one that is right', () => {
    expect(schemaProblem({ ...BBOX, default: [0, 0, 1, 1] })).toBeUndefined()
  })
})

describe('in words', () => {
  it.each([
    [{ type: 'integer', minimum: 1 }, 'a whole number of at least 1'],
    [{ type: 'number', minimum: 0, maximum: 1 }, 'a number from 0 to 1'],
    [{ type: 'string', minLength: 1, maxLength: 5 }, 'text of 1 to 5 characters'],
    [{ type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 }, 'a list of 2 numbers'],
    [{ type: 'array' }, 'a list of values'],
    [{ ...BBOX, minItems: 6 }, 'six numbers minx,miny,minz,maxx,maxy,maxz'],
    [{ enum: ['a', '', 1, true] }, 'one of a, "", 1, true'],
    [{}, 'a value'],
    [{ type: 'object' }, 'a JSON object'],
  ] as const)('%j: %s', (schema, words) => {
    expect(schemaTypeText(schema)).toBe(words)
  })
})
