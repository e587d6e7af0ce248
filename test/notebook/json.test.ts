import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  fromPlain,
  isObject,
  JsonNumber,
  parseJson,
  pythonFloat,
  pythonJson,
  pythonNumber,
  toPlain,
} from '../../src/notebook/json.ts'
import { anyValue } from '../support/generated-notebooks.ts'
import { jsonText } from '../support/json-text.ts'

describe('parseJson', () => {
  it('gives back every value as it was, numbers to the letter and members in order', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(jsonText(parseJson(jsonText(value)))).toBe(jsonText(value))
      }),
    )
  })

  it('accepts and reads what JSON.parse does, but for the words of Python', () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '\\', ',', ':', '0', '-', '.', 'e', '{', ']', '\n', '\u001f', ' '),
      )
      .map(([text, at, character]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + character + text.slice(place + (at % 2))
      })
    const same = (text: string) => {
      let expected: unknown
      try {
        expected = JSON.parse(text)
      } catch {
        expect(() => parseJson(text)).toThrow(SyntaxError)
        return
      }
      expect(JSON.stringify(toPlain(parseJson(text)))).toBe(JSON.stringify(expected))
    }
    fc.assert(fc.property(broken, same), { numRuns: 2000 })
  })

  it.each(['NaN', 'Infinity', '-Infinity', '1.0', '1e-07', '123456789012345678901234567890', '-0'])(
    'keeps %s',
    (raw) => {
      expect(parseJson(` ${raw}\n`)).toEqual(new JsonNumber(raw))
    },
  )

  it('lets the last of members with one name win, in the place of the first', () => {
    expect(jsonText(parseJson('{"a":1,"b":2,"a":3}'))).toBe(jsonText(parseJson('{"a":3,"b":2}')))
  })

  it.each(['__proto__', 'constructor', 'toString', '1', ''])('takes %j as a name like any other', (name) => {
    const object = parseJson(`{"b":0,${JSON.stringify(name)}:{"x":1}}`)
    expect(isObject(object) && [...object.keys()]).toEqual(['b', name])
    expect(Object.keys(Object(toPlain(object)))).toContain(name)
    expect(Object.getPrototypeOf(toPlain(object))).toBe(null)
  })

  it.each([
    ['', 'A value is expected at line 1, column 1'],
    ['\ufeff1', 'A value is expected at line 1, column 1'],
    ['nul', 'A value is expected at line 1, column 1'],
    ['{a: 1}', 'A name in double quotes is expected at line 1, column 2'],
    ['{"a" 1}', "':' is expected at line 1, column 6"],
    ['{"a": 1 "b": 2}', "',' or '}' is expected at line 1, column 9"],
    ['{"a": 1,\n}', 'A name in double quotes is expected at line 2, column 1'],
    ['[1 2]', "',' or ']' is expected at line 1, column 4"],
    ['[1,\n 2,]', 'A value is expected at line 2, column 4'],
    ['["a]', 'The string that starts here has no end at line 1, column 2'],
    ['["\\"]', 'The string that starts here has no end at line 1, column 2'],
    [
      '"\\x"',
      'The string that starts here has a wrong escape or an unescaped control character at line 1, column 1',
    ],
    [
      '"\n"',
      'The string that starts here has a wrong escape or an unescaped control character at line 1, column 1',
    ],
    ['01', 'Nothing may follow the value at line 1, column 2'],
  ])('says where %j goes wrong', (text, message) => {
    expect(() => parseJson(text)).toThrow(new SyntaxError(message))
  })

  it.each(['[', '{"a":'])('refuses what is nested too deep by %j instead of running out of stack', (open) => {
    const close = open === '[' ? ']' : '}'
    const nested = (depth: number) => parseJson(`${open.repeat(depth)}1${close.repeat(depth)}`)
    expect(pythonJson(nested(400))).toContain('1')
    expect(() => nested(401)).toThrow('Nothing may be nested deeper than 400 levels')
    expect(() => nested(1_000_000)).toThrow('Nothing may be nested deeper than 400 levels')
  })

  it('reads a string of 20 MB with a million escapes', () => {
    const text = 'a "quoted" \\ line\n'.repeat(1_200_000)
    expect(parseJson(JSON.stringify(text)) === text).toBe(true)
  })
})

describe('pythonJson', () => {
  it('is as json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)', () => {
    const value = parseJson(
      '{"b":[],"a":{},"\\ud83d\\ude00":[1,{"x":"\\u2028\\u007f\\u0001\\n\\/"}],"\\uffff":true}',
    )
    expect(pythonJson(value)).toBe(
      '{\n "a": {},\n "b": [],\n "\uffff": true,\n "\ud83d\ude00": [\n  1,\n  {\n   "x": "\u2028\u007f\\u0001\\n/"\n  }\n ]\n}',
    )
  })

  it('sorts names by code point', () => {
    const names = fc.uniqueArray(
      fc.string({ unit: fc.constantFrom('a', '\ue000', '\uffff', '\ud83d', '\ude00', '\ude01') }),
    )
    const points = (name: string) => [...name].map((character) => character.codePointAt(0) ?? 0)
    const compare = (left: string, right: string) => {
      const [a, b] = [points(left), points(right)]
      const at = a.findIndex((point, index) => point !== b[index])
      return at === -1 ? a.length - b.length : (a[at] ?? -1) - (b[at] ?? -1)
    }
    const sorted = (list: string[]) => {
      const written = parseJson(pythonJson(new Map(list.map((name) => [name, null]))))
      expect(isObject(written) && [...written.keys()]).toEqual([...list].sort(compare))
    }
    fc.assert(fc.property(names, sorted), { numRuns: 500 })
  })

  it('escapes lone surrogates, which UTF-8 has no bytes for', () => {
    expect(pythonJson('\ud800')).toBe('"\\ud800"')
  })

  it('is written at a depth', () => {
    expect(pythonJson([null], 2)).toBe('[\n   null\n  ]')
  })
})

describe('pythonNumber', () => {
  it.each([
    ['1', '1'],
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['1.10', '1.1'],
    ['1E5', '100000.0'],
    ['1e15', '1000000000000000.0'],
    ['1e16', '1e+16'],
    ['1e22', '1e+22'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1e-07', '1e-07'],
    ['12.5e-8', '1.25e-07'],
    ['0e0', '0.0'],
    ['5e-324', '5e-324'],
    ['1e100', '1e+100'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['NaN', 'NaN'],
  ])('writes %s as Python does: %s', (raw, written) => {
    expect(pythonNumber(raw)).toBe(written)
  })

  it.each([
    '1e400',
    '-1e400',
    '1e-400',
    '0.1000000000000000055',
    '123456789.123456789123',
    '1.0000000000000000000001',
  ])('keeps %s, which a double does not hold', (raw) => {
    expect(pythonNumber(raw)).toBe(raw)
  })

  it('loses no double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(pythonFloat(value))).toBe(value)
        expect(pythonFloat(value)).toMatch(/[.e]/)
      }),
    )
  })
})

describe('fromPlain and toPlain', () => {
  it('turn plain values into JSON and back', () => {
    const plain = { a: [1, 1.5, -0, null, true, 'x'], b: { c: 10n ** 30n }, d: undefined }
    expect(pythonJson(fromPlain(plain))).toBe(
      '{\n "a": [\n  1,\n  1.5,\n  -0.0,\n  null,\n  true,\n  "x"\n ],\n "b": {\n  "c": 1000000000000000000000000000000\n }\n}',
    )
    expect(toPlain(fromPlain(plain))).toEqual({ a: [1, 1.5, -0, null, true, 'x'], b: { c: 1e30 } })
  })

  it('take Maps and lossless numbers as they are', () => {
    expect(jsonText(fromPlain(new Map([['a', new JsonNumber('1.0')]])))).toBe(
      jsonText(parseJson('{"a":1.0}')),
    )
  })

  it('refuse what JSON has no value for', () => {
    expect(() => fromPlain([() => 1])).toThrow(new TypeError('JSON has no value for a function'))
  })
})
