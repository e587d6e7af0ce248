import fc from 'fast-check'
import { fromPlain, JsonNumber, type JsonObject, type JsonValue } from '../../../src/notebook/json.ts'

/** What some language reads as code, as an escape, or not at all. */
const NASTY_TEXT = [
  ...[
    '',
    'plain',
    ' ',
    'two words',
    'say "hi" \\ back\\',
    '"""',
    'C:\\tmp\\',
    'é日本😀\u2028',
    'é',
    'éa1',
    'a\u00a0b',
    'aé\x07',
  ],
  ...[
    'it\'s "x"\\',
    '😀',
    '$' + '{x} $y',
    '"""\\',
    '$(run(x))',
    '$HOME',
    '"\\$x"',
    'a\\nb',
    'a\nb',
    "it's",
    '100%d',
    'a\x07b',
  ],
  ...[
    '{0}',
    '%d {x}',
    '*) //',
    '"\\',
    '$(calc)',
    'x`',
    '“”',
    '‘’‚‛„',
    '$(id)',
    '-n',
    '\\',
    '`id`',
    '!!',
    '!x\ny',
    '~',
    '*',
  ],
  ...[
    '#x',
    '; import os',
    "'''",
    '\\u0041',
    '\\x41',
    '\\U0001f600',
    '\\N{BULLET}',
    '%{x%}',
    '...',
    '\\\n',
    '\r\n',
    '\t',
    '\v\f\b',
  ],
  ...[
    '\x1b[0m',
    '\x7f',
    '\x85',
    '\u2029',
    '\u200b\u200f\u202e',
    '\ufeff',
    '\ufffe\uffff',
    '\u{10ffff}',
    '\u{1f468}\u200d\u{1f469}',
  ],
  ...[
    'e\u0301',
    '\\"',
    "\\'",
    '\\\\',
    '$',
    '$$',
    '@x',
    '&',
    '<b>',
    '[0]=x',
    'a=b',
    '(1 2)',
    '{1..3}',
    '\x03\x04',
    'NULL',
    'None',
  ],
  ...[
    '\x1c\x1d\x1e\x1f',
    'null',
    'true',
    '1',
    '1.0',
    '\x00',
    'a\x001',
    '\ud800',
    'x\udc00y',
    '\udc00\ud800',
    '\n',
    "'",
    '"',
    '`',
  ],
]

const NUMBERS = [
  ...[
    '0',
    '-0',
    '1',
    '-1',
    '2147483647',
    '2147483648',
    '-2147483648',
    '-2147483649',
    '9007199254740992',
    '9007199254740993',
  ],
  ...[
    '-9007199254740993',
    '9223372036854775807',
    '-9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
  ],
  ...[
    '-9223372036854775809',
    '18446744073709551615',
    '18446744073709551616',
    '100000000000000000000000000000000000000000',
  ],
  ...[
    '0.0',
    '-0.0',
    '1.0',
    '-1.5',
    '1e-07',
    '0.0001',
    '0.00001',
    '1e15',
    '1e16',
    '1e22',
    '1e23',
    '1.7976931348623157e308',
  ],
  ...[
    '5e-324',
    '2.2250738585072014e-308',
    '0.1',
    '0.30000000000000004',
    '-4.123456789012345',
    '123456789.123456789',
    '1E5',
  ],
  ...['NaN', 'Infinity', '-Infinity', '1.10'],
].map((raw) => new JsonNumber(raw))

const float = (raw: string) => new JsonNumber(raw)
const dict = (...entries: (readonly [string, JsonValue])[]): JsonObject => new Map(entries)

const LISTS: JsonValue[] = [
  ...[
    [],
    [[]],
    [[[]]],
    [[], []],
    [[], [1]],
    [1],
    [1, 2, 3],
    ['a', 'b'],
    [true, false],
    [null],
    [null, null],
  ].map(fromPlain),
  ...[[1, null], [null, 'a'], [1, 'a'], [true, 1], [[1, 2]], [[1, 2], [3]], [[1], ['a']], [[true], [1]]].map(
    fromPlain,
  ),
  ...[
    [1, 3000000000],
    [1, 2n ** 64n],
    [2n ** 70n, 2n ** 65n],
    [-(2n ** 63n), 1],
    [{}],
    [{}, {}],
    [{ a: 1 }, 2],
  ].map(fromPlain),
  ...[
    [1, [2, [3, ['x']]]],
    [-1, -2],
    [[-1], [-2]],
    [null, [true], [2]],
    [
      [1, null],
      [2, 3],
    ],
    [[], {}],
    [1, []],
  ].map(fromPlain),
  [float('1.5'), float('2.0')],
  [float('1'), float('2.5')],
  [float('9007199254740993'), float('0.5')],
  [float('NaN'), float('-Infinity'), float('1.0')],
  [[float('1')], [float('2.5')]],
  [[float('1.0')], [float('2.5')]],
  [float('-0.0'), float('0')],
  [float('18446744073709551616'), float('0.5'), null],
  [true, float('0.5')],
]

const DICTS: JsonValue[] = [
  ...[
    {},
    { a: {} },
    { a: [] },
    { k: 1 },
    { a: null },
    { a: [1, 'x', null, { b: [true] }] },
    { '': 1 },
    { '': 1, a: 2 },
  ].map(fromPlain),
  ...[
    { a: 1, A: 2 },
    { a: true, b: 1 },
    { a: 1, b: 'x' },
    { a: -1 },
    { $x: 1 },
    { 'a b': 1, "it's": '"' },
    { a: [[]] },
  ].map(fromPlain),
  ...[
    { a: 2n ** 63n, b: 2n ** 60n },
    { a: 'x', b: 'y' },
    { if: 1, NULL: 2, NA: 3, '...': 4, '..1': 5 },
  ].map(fromPlain),
  ...[
    { __proto__x: 1, constructor: 2 },
    { '\\': 1, '\n': 2, '`': 3 },
    { é: 1, '😀': 2, '\u2028': 3 },
  ].map(fromPlain),
  dict(['__proto__', null], ['$(id)', '$(id)'], ['"', float('1.0')], ["'", float('NaN')]),
  dict(['a', float('1')], ['b', float('2.5')]),
  dict(['a', float('1')], ['b', float('9007199254740993')]),
  dict(['k', [float('1'), float('2.5')]]),
  dict(['\x00', 1 > 0], ['\ud800', null]),
]

export const NASTY_VALUES: readonly JsonValue[] = [
  null,
  true,
  false,
  ...NASTY_TEXT,
  ...NUMBERS,
  ...LISTS,
  ...DICTS,
]

/** Beyond what some language takes in one literal or one name. */
export const LONG_VALUES: readonly JsonValue[] = [
  'é'.repeat(70_000),
  dict(['x'.repeat(2500), 'y'.repeat(70_000)], ['日'.repeat(5000), null]),
  Array.from({ length: 300 }, (_, at) => new JsonNumber(String(at))),
]

const character = fc.oneof(
  fc.constantFrom(...'"\'\\$`{}()[]#%!*~;&|<>=@:,./-_ \n\r\t'),
  fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
  fc.constantFrom('é', '日', '😀', '\u2028', '\u00a0', '“', '‘', 'a', '1', 'f', 'x', 'u', 'n'),
)
export const text = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''))

export const number = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 72n), max: 2n ** 72n }).map(String),
    fc.integer({ min: -1000, max: 1000 }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()),
    fc.double({ min: -1000, max: 1000, noNaN: true }).map((value) => value.toExponential()),
    fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0.0', '1.0'),
  )
  .map((raw) => new JsonNumber(raw))

/** Values of every shape, given what strings and numbers there are. */
export function values(
  texts: fc.Arbitrary<string>,
  numbers: fc.Arbitrary<JsonNumber>,
): fc.Arbitrary<JsonValue> {
  const scalar: fc.Arbitrary<JsonValue> = fc.oneof(fc.constantFrom(null, true, false), texts, numbers)
  const list = (inner: fc.Arbitrary<JsonValue>) =>
    fc.oneof(
      fc.array(inner, { maxLength: 4 }),
      fc.array(texts, { maxLength: 4 }),
      fc.array(numbers, { maxLength: 4 }),
    )
  const object = (inner: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonObject> =>
    fc.array(fc.tuple(texts, inner), { maxLength: 4 }).map((entries) => new Map(entries))
  const shallow: fc.Arbitrary<JsonValue> = fc.oneof(scalar, list(scalar), object(scalar))
  return fc.oneof(scalar, scalar, list(shallow), object(shallow))
}

export const anyValue = values(text, number)
