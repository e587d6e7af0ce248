import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalityKey } from '../../src/notebook/equality-key.ts'
import { JsonNumber, parseJson } from '../../src/notebook/json.ts'

const key = (json: string) => equalityKey(parseJson(json))

describe('the key of equality', () => {
  it.each([
    ['0', '-0.0'],
    ['0', '0e5'],
    ['1', '1.0'],
    ['10', '1e1'],
    ['0.10', '1E-1'],
    ['-120', '-1.2e+2'],
    ['{"a":1,"b":[2.0]}', '{"b":[2],"a":1.0}'],
  ])('is one for %s and %s', (one, other) => {
    expect(key(one)).toBe(key(other))
  })

  it.each([
    ['1', '"1"'],
    ['1', '-1'],
    ['1', '10'],
    ['12345678901234567890', '12345678901234567891'],
    ['true', '"true"'],
    ['[1,2]', '[2,1]'],
    ['{}', '[]'],
    ['NaN', 'Infinity'],
  ])('tells %s from %s', (one, other) => {
    expect(key(one)).not.toBe(key(other))
  })

  it('is one for doubles that are equal, and for no others', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    const text = (value: number) => new JsonNumber(value === 0 ? '-0.0' : String(value))
    fc.assert(
      fc.property(double, double, (one, other) => {
        expect(equalityKey(text(one)) === equalityKey(text(other))).toBe(one === other)
        expect(equalityKey(text(one))).toBe(equalityKey(new JsonNumber(one.toExponential())))
      }),
    )
  })
})
