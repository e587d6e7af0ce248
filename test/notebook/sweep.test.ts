import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InputSchema } from '../../src/notebook/inputs-schema.ts'
import { fromPlain, isObject, type JsonObject, type JsonValue, toPlain } from '../../src/notebook/json.ts'
import { sweepQuery, sweepValues } from '../../src/notebook/sweep.ts'
import { errorOf, inputs } from '../support/inputs.ts'

const TYPES = {
  integer: { type: 'integer' },
  bounded: { type: 'integer', minimum: 2, maximum: 4 },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  text: { type: 'string' },
  cleared: { type: 'string', default: 'a' },
  url: { type: 'string', format: 'uri' },
  date: { type: 'string', format: 'date' },
  interval: { type: 'string', format: 'interval' },
  choice: { enum: ['a', 'b'], type: 'string' },
  list: { type: 'array', items: { type: 'integer' } },
  lists: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
  bbox: { type: 'array', format: 'bbox', items: { type: 'number' } },
  object: { type: 'object' },
  geojson: { type: 'string', format: 'geojson' },
  any: {},
} as const satisfies Readonly<Record<string, InputSchema>>
type TypeName = keyof typeof TYPES

/** The values of `x` in the runs of a sweep. */
function values(type: TypeName, query: string, max = 100): unknown {
  const { runs } = sweepQuery(inputs({ x: TYPES[type] }), new URLSearchParams(query), ['x'], max)
  return runs.map((run) => toPlain(run.get('x') ?? null))
}

const fault = (type: TypeName, query: string, max = 100): string | undefined =>
  errorOf(() => values(type, query, max)).errors?.[0]?.message

function objectOf(plain: Readonly<Record<string, unknown>>): JsonObject {
  const value = fromPlain(plain)
  if (!isObject(value)) throw new Error('An object is expected')
  return value
}

describe('the values of a swept input in a link', () => {
  it.each([
    ['integer', 'x=2019..2021', [2019, 2020, 2021]],
    ['integer', 'x=5..5', [5]],
    ['integer', 'x=-2..1', [-2, -1, 0, 1]],
    ['integer', 'x=1, 3 ,5..6', [1, 3, 5, 6]],
    ['integer', 'x=1&x=3..4', [1, 3, 4]],
    ['integer', 'x=[1,2.0]', [1, 2]],
    ['integer', 'x=7', [7]],
    ['bounded', 'x=2..4', [2, 3, 4]],
    ['number', 'x=1,2.5', [1, 2.5]],
    ['boolean', 'x=true,false', [true, false]],
    ['boolean', 'x=[true,false]', [true, false]],
    ['text', 'x=a,b', ['a', 'b']],
    ['text', 'x=a,b&x=c', ['a,b', 'c']],
    ['text', 'x=["a,b","1..2"]', ['a,b', '1..2']],
    ['text', 'x=1..2', ['1..2']],
    ['text', 'x=a&x=', ['a']],
    ['cleared', 'x=["","b"]', ['', 'b']],
    ['url', 'x=https://a.example/1,s3://b/2', ['https://a.example/1', 's3://b/2']],
    ['date', 'x=2024-02-28..2024-03-01', ['2024-02-28', '2024-02-29', '2024-03-01']],
    ['date', 'x=2023-12-31..2024-01-01,2024-05-05', ['2023-12-31', '2024-01-01', '2024-05-05']],
    ['interval', 'x=2024-01-01/..,../2024-01-01', ['2024-01-01/..', '../2024-01-01']],
    ['choice', 'x=b,a', ['b', 'a']],
    ['list', 'x=1,2&x=3', [[1, 2], [3]]],
    ['list', 'x=[[1,2],[]]', [[1, 2], []]],
    ['list', 'x=[1,2]&x=[3]', [[1, 2], [3]]],
    ['lists', 'x=[[[1]],[[2],[3]]]', [[[1]], [[2], [3]]]],
    [
      'bbox',
      'x=1,2,3,4&x=5,6,7,8',
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    ['object', 'x={"a":[1,2]}', [{ a: [1, 2] }]],
    ['object', 'x=[{"a":1},{"b":2}]', [{ a: 1 }, { b: 2 }]],
    ['any', 'x=1&x=a', [1, 'a']],
    ['any', 'x=a,b', ['a,b']],
  ] as const)('%s: %s', (type, query, expected) => {
    expect(values(type, query)).toEqual(expected)
  })

  it.each([
    ['integer', 'x=2021..2019', 'x: the range 2021..2019 ends before it starts.'],
    ['integer', 'x=1..101', 'x: it has 101 values, and a sweep has 100 runs at most.'],
    [
      'integer',
      'x=0..999999999999999999999999999999',
      'x: it has 1000000000000000000000000000000 values, and a sweep has 100 runs at most.',
    ],
    ['integer', 'x=1..60,100..160', 'x: it has 121 values, and a sweep has 100 runs at most.'],
    ['integer', 'x=1..', 'x: expected a whole number; got "1..".'],
    ['integer', 'x=1..2..3', 'x: expected a whole number; got "1..2..3".'],
    ['integer', 'x=1.5..3', 'x: expected a whole number; got "1.5..3".'],
    ['integer', 'x=1,,2', 'x: one of its values is empty; got "1,,2".'],
    ['integer', 'x=1,2,1', 'x: 1 is there more than once; each value makes one run.'],
    ['number', 'x=1,1.0', 'x: 1.0 is there more than once; each value makes one run.'],
    ['number', 'x=1..3', 'x: expected a number; got "1..3".'],
    ['bounded', 'x=2..5', 'x: expected a whole number from 2 to 4; got 5.'],
    ['date', 'x=2024-02-28..2024-02-30', 'x: there is no day 2024-02-30.'],
    ['date', 'x=2024-03-01..2024-02-01', 'x: the range 2024-03-01..2024-02-01 ends before it starts.'],
    ['date', 'x=2024-01-01..2025-01-01', 'x: it has 367 values, and a sweep has 100 runs at most.'],
    ['date', 'x=2024..2025', 'x: expected a date such as 2024-05-31; got "2024..2025".'],
    ['choice', 'x=a,c', 'x: expected one of a, b; got "c".'],
    ['integer', 'x=', 'x: missing; expected a whole number.'],
    ['integer', 'x=[]', 'x: missing; expected a whole number.'],
    ['text', 'y=1', 'x: missing; expected text.'],
    [
      'list',
      'x=1,2',
      'x: it is a list itself: repeat its name for each run, or write a list of lists as JSON.',
    ],
    [
      'list',
      'x=[1,2]',
      'x: it is a list itself: repeat its name for each run, or write a list of lists as JSON.',
    ],
  ] as const)('%s: %s is refused', (type, query, message) => {
    expect(fault(type, query)).toBe(message)
  })

  it('names every value that is wrong', () => {
    const { errors } = errorOf(() => values('integer', 'x=a,1,b,1.5'))
    expect(errors?.map(({ received }) => received)).toEqual(['a', 'b', '1.5'])
  })

  it('says what is meant where a name is nearly right, and checks its values', () => {
    const schema = inputs({ year: TYPES.integer, day: TYPES.date })
    const { errors } = errorOf(() => sweepQuery(schema, new URLSearchParams('year=1,x'), ['yaer', 'zz'], 9))
    expect(errors).toMatchObject([
      { name: '_each', fault: 'unknown', received: 'yaer', nearest: 'year' },
      { name: '_each', fault: 'unknown', received: 'zz' },
      { name: 'year', fault: 'invalid', received: 'x' },
    ])
  })

  it('tells at most a hundred faults', () => {
    const query = Array.from({ length: 300 }, (_, index) => `x=a${index}`).join('&')
    expect(errorOf(() => values('integer', query, 1_000)).errors).toHaveLength(100)
  })

  it('are those that are written, whatever their order and number', () => {
    const years = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(years, fc.constantFrom('commas', 'repeated', 'json'), (given, how) => {
        const pairs: [string, string][] =
          how === 'commas'
            ? [['x', given.join(',')]]
            : how === 'json'
              ? [['x', JSON.stringify(given)]]
              : given.map((year) => ['x', String(year)])
        const { runs } = sweepQuery(inputs({ x: TYPES.integer }), pairs, ['x'], 30)
        expect(runs.map((run) => toPlain(run.get('x') ?? null))).toEqual(given)
      }),
    )
  })

  it('keep any text whole as JSON', () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), {
      minLength: 1,
      maxLength: 9,
    })
    fc.assert(
      fc.property(texts, (given) => {
        const pairs: [string, string][] = [['x', JSON.stringify(given)]]
        const { runs } = sweepQuery(inputs({ x: TYPES.text }), pairs, ['x'], 9)
        expect(runs.map((run) => run.get('x'))).toEqual(given)
      }),
    )
  })

  it('have all days of a range', () => {
    const day = fc.date({ min: new Date('0100-01-01'), max: new Date('9000-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(day, fc.nat(400), (start, length) => {
        const days = Array.from({ length: length + 1 }, (_, step) =>
          new Date(start.getTime() + step * 86_400_000).toISOString().slice(0, 10),
        )
        expect(values('date', `x=${days.at(0)}..${days.at(-1)}`, 401)).toEqual(days)
      }),
    )
  })
})

describe('a sweep', () => {
  const SCHEMA = inputs({ a: TYPES.integer, b: TYPES.text, c: TYPES.number }, ['c'])

  it('is the product, with what all runs have, in the order of the schema', () => {
    const { each, runs } = sweepQuery(SCHEMA, new URLSearchParams('c=1&b=x,y&a=1,2'), ['b', 'a'], 4)
    expect(each).toEqual(['b', 'a'])
    expect(runs.map((run) => toPlain(new Map(run)))).toEqual([
      { a: 1, b: 'x', c: 1 },
      { a: 2, b: 'x', c: 1 },
      { a: 1, b: 'y', c: 1 },
      { a: 2, b: 'y', c: 1 },
    ])
    expect([...(runs[0]?.keys() ?? [])]).toEqual(['a', 'b', 'c'])
  })

  it('has a combination once each, at most as many as are set', () => {
    const count = fc.integer({ min: 1, max: 12 })
    fc.assert(
      fc.property(count, count, (a, b) => {
        const query = new URLSearchParams(
          `c=1&a=1..${a}&b=${Array.from({ length: b }, (_, i) => `t${i}`).join(',')}`,
        )
        if (a * b > 40) {
          const error = errorOf(() => sweepQuery(SCHEMA, query, ['a', 'b'], 40))
          expect(error.errors).toMatchObject([{ name: '_each', fault: 'invalid' }])
          return
        }
        const { runs } = sweepQuery(SCHEMA, query, ['a', 'b'], 40)
        const keys = runs.map((run) => `${toPlain(run.get('a') ?? null)} ${run.get('b')}`)
        expect(new Set(keys).size).toBe(a * b)
      }),
    )
  })

  it('tells the faults of all its parts at once, each once', () => {
    const query = new URLSearchParams('b=x,x&a=1,z&d=1')
    const { errors } = errorOf(() => sweepQuery(SCHEMA, query, ['a', 'a', 'b'], 9))
    expect(errors?.map(({ name, fault: kind }) => `${name} ${kind}`).sort()).toEqual([
      '_each repeated',
      'a invalid',
      'b repeated',
      'c missing',
      'd unknown',
    ])
  })
})

describe('a sweep by JSON', () => {
  const SCHEMA = inputs({ a: TYPES.integer, b: TYPES.list, c: TYPES.number }, ['c'])
  const sweep = (values: Readonly<Record<string, unknown>>, each: Readonly<Record<string, unknown>>) =>
    sweepValues(SCHEMA, objectOf(values), objectOf(each), 6)

  it('has a list of values for each name; of an input that is a list, a list of lists', () => {
    const { runs } = sweep({ c: 1 }, { a: [1, 2], b: [[1], []] })
    expect(runs.map((run) => toPlain(new Map<string, JsonValue>(run)))).toEqual([
      { a: 1, b: [1], c: 1 },
      { a: 1, b: [], c: 1 },
      { a: 2, b: [1], c: 1 },
      { a: 2, b: [], c: 1 },
    ])
  })

  it.each([
    [{ a: 5 }, 'a: a sweep takes a list of values, one for each run; got 5.'],
    [{ a: '1..3' }, 'a: a sweep takes a list of values, one for each run; got "1..3".'],
    [{ a: ['1'] }, 'a: expected a whole number; got "1".'],
    [{ a: [] }, 'a: missing; expected a whole number.'],
    [{ a: [null] }, 'a: expected a whole number; got null.'],
    [{ b: [1] }, 'b: expected a list of whole numbers; got 1.'],
    [{ a: [1, 2, 3, 4, 5, 6, 7] }, 'a: it has 7 values, and a sweep has 6 runs at most.'],
    [{ a: [1, 2, 3], b: [[1], [2], [3]] }, 'each: this sweep has 3 × 3 = 9 runs, and 6 is the most.'],
    [{ c: [1, 2] }, 'c: it is among the inputs and in each: name it once.'],
    [{ A: [1] }, 'each: the notebook takes no input A; did you mean a?'],
  ])('%j is refused', (each, message) => {
    expect(errorOf(() => sweep({ c: 1 }, each)).message).toBe(message)
  })
})
