import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parametersSource, translatorFor } from '../../../src/notebook/inject/translator.ts'
import { JsonNumber, type JsonValue } from '../../../src/notebook/json.ts'
import { PapermillTranslators } from './papermill-translators.ts'
import { number, text, values } from './values.ts'

let papermill: PapermillTranslators
beforeAll(() => {
  papermill = new PapermillTranslators()
})
afterAll(() => papermill[Symbol.asyncDispose]())

const ascii = fc.string({ unit: fc.constantFrom(...printable()), maxLength: 12 })
const asciiLines = fc.string({ unit: fc.constantFrom(...printable(), '\n', '\t', '\r'), maxLength: 12 })
/** Beyond Latin-1, where papermill's escapes are those of more languages than Python. */
const wide = fc.string({
  unit: fc.constantFrom(...printable(), '\n', '日', 'Ω', '\u2028', '“', '\uffff'),
  maxLength: 12,
})
const wider = fc.string({
  unit: fc.constantFrom(...printable(), '\n', '日', '😀', '\u{10ffff}'),
  maxLength: 12,
})
const withoutControls = text.map((given) => given.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ''))

const raws = (from: fc.Arbitrary<string>): fc.Arbitrary<JsonNumber> => from.map((raw) => new JsonNumber(raw))
const int64 = raws(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String))
const safe = raws(fc.maxSafeInteger().map(String))
const finite = raws(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()))
const short = raws(
  fc.tuple(fc.integer(), fc.integer({ min: -9, max: 9 })).map(([digits, power]) => `${digits}.0e${power}`),
)
const int32 = raws(fc.integer().map(String))
const bool = fc.boolean()
const lists = (...of: readonly fc.Arbitrary<JsonValue>[]) =>
  fc.oneof(...of.map((member) => fc.array(member, { minLength: 1, maxLength: 4 })))
const dicts = (keys: fc.Arbitrary<string>, member: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> =>
  fc
    .uniqueArray(fc.tuple(keys, member), {
      minLength: 1,
      maxLength: 4,
      selector: ([key]) => key.toLowerCase(),
    })
    .map((entries) => new Map(entries))
const without = (texts: fc.Arbitrary<string>, characters: RegExp) =>
  texts.map((given) => given.replace(characters, ''))

/** Values that papermill writes rightly; where it doesn't, docs/papermill-injection.md says what is written instead. */
const RIGHT: readonly (readonly [string, fc.Arbitrary<JsonValue>])[] = [
  ['python', values(text, number)],
  [
    'r',
    fc.oneof(
      noDicts(wider, fc.oneof(safe, short)),
      dicts(fc.constantFrom('a', '日', '$x'), noDicts(wider, short)),
    ),
  ],
  ['scala', values(wide, fc.oneof(int32, finite))],
  ['scala', values(asciiLines, int64)],
  [
    'julia',
    fc.oneof(
      fc.constant(null),
      bool,
      same(without(wider, /\$/g), int64, finite),
      raws(fc.bigInt().map(String)),
    ),
  ],
  ['matlab', fc.oneof(bool, number64(), same(without(ascii, /\\/g), safe, finite))],
  ['csharp', fc.oneof(bool, same(wider, int32, int64, finite), lists(bool))],
  ['csharp', lists(lists(int32), lists(asciiLines))],
  [
    'fsharp',
    fc.oneof(
      bool,
      fc.constant(null),
      same(text, int32, finite),
      int64,
      fc.constant<JsonValue>([]),
      lists(lists(int32)),
    ),
  ],
  ['powershell', powershellValues(without(ascii, /[$`\\]/g), fc.oneof(int64, number64()))],
  [
    'bash',
    fc.oneof(
      fc.constant(null),
      bool,
      withoutControls,
      number,
      fc.array(fc.oneof(bool, withoutControls, number)),
    ),
  ],
]

describe('what papermill writes rightly is written byte for byte', () => {
  it.each(RIGHT)('in %s', async (language, arbitrary) => {
    const translator = translatorFor({ kernelName: undefined, language })
    const isSame = async (first: JsonValue, second: JsonValue) => {
      const parameters = new Map([
        ['alpha', first],
        ['beta', second],
      ])
      expect(parametersSource(translator, parameters)).toBe(await papermill.source(language, parameters))
    }
    await fc.assert(fc.asyncProperty(arbitrary, arbitrary, isSame), { numRuns: 400 })
  })

  it('also where there are no parameters', async () => {
    for (const [language] of RIGHT) {
      const ours = parametersSource(translatorFor({ kernelName: undefined, language }), new Map())
      expect(ours).toBe(await papermill.source(language, new Map()))
    }
  })
})

function printable(): string[] {
  return Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))
}

/** Scalars of one kind, lists of them, and objects of them. */
function same(
  texts: fc.Arbitrary<string>,
  ...numbers: readonly fc.Arbitrary<JsonNumber>[]
): fc.Arbitrary<JsonValue> {
  const scalars = [texts, ...numbers]
  return fc.oneof(...scalars, lists(...scalars), ...scalars.map((scalar) => dicts(texts, scalar)))
}

function noDicts(texts: fc.Arbitrary<string>, numbers: fc.Arbitrary<JsonNumber>): fc.Arbitrary<JsonValue> {
  const scalar = fc.oneof(fc.constant(null), bool, texts, numbers)
  return fc.oneof(scalar, fc.array(fc.oneof(scalar, fc.array(scalar))))
}

/** Floats, also those that are no number. */
function number64(): fc.Arbitrary<JsonNumber> {
  return fc.oneof(finite, raws(fc.constantFrom('NaN', 'Infinity', '-Infinity')))
}

/** Every shape but a list of nothing but one list, and keys that differ in case alone. */
function powershellValues(
  texts: fc.Arbitrary<string>,
  numbers: fc.Arbitrary<JsonNumber>,
): fc.Arbitrary<JsonValue> {
  const scalar: fc.Arbitrary<JsonValue> = fc.oneof(fc.constant(null), bool, texts, numbers)
  const pair = fc.array(fc.oneof(scalar, fc.array(scalar)), { minLength: 2, maxLength: 4 })
  return fc.oneof(
    scalar,
    fc.array(scalar),
    pair,
    dicts(texts, fc.oneof(scalar, pair)),
    fc.constant(new Map()),
  )
}
