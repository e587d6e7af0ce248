import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseUniqueJson } from '../../src/identity/unique-json.ts'

describe('JSON with each key once', () => {
  it('is read as JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseUniqueJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('is refused when any object has a key twice', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.jsonValue(),
        (value, other) => {
          const [key] = Object.keys(value)
          const twice = JSON.stringify(value).replace(
            '{',
            () => `{${JSON.stringify(key)}: ${JSON.stringify(other)},`,
          )
          expect(() => parseUniqueJson(twice)).toThrow(SyntaxError)
          expect(() => parseUniqueJson(`{"in":[[${twice}]]}`)).toThrow(SyntaxError)
        },
      ),
    )
  })

  it.each(['{"a":1,"\\u0061":2}', '{"__proto__":1,"__proto__":2}', '{"":1,"":2}', '{"a\\"":1, "a\\"" :2}'])(
    '%s',
    (text) => {
      expect(() => parseUniqueJson(text)).toThrow(SyntaxError)
    },
  )

  it.each(['', '[]', 'null', '"{}"', '1', '{', '{"a":1}x', "{'a':1}"])('%j is no object', (text) => {
    expect(() => parseUniqueJson(text)).toThrow(SyntaxError)
  })

  it('takes quotes and colons within texts for what they are', () => {
    expect(parseUniqueJson('{"a":"\\":\\"b\\":","c":":"}')).toEqual({ a: '":"b":', c: ':' })
  })
})
