import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/notebook/json.ts'
import { make } from '../../interpreters/round-trip.ts'
import { type Shown, same } from '../../interpreters/shown.ts'
import { readJulia } from './grammar/julia.ts'
import { readMatlab } from './grammar/matlab.ts'
import { readPowershell } from './grammar/powershell.ts'
import { anyValue, LONG_VALUES, NASTY_VALUES } from './values.ts'

const LANGUAGES = [
  { language: 'julia', read: readJulia, isSame: same({ widens: true }) },
  { language: 'powershell', read: readPowershell, isSame: same({}) },
  { language: 'matlab', read: readMatlab, isSame: same({ onlyFloats: true }) },
]

describe.each(LANGUAGES)('$language, by its published grammar', ({ language, read, isSame }) => {
  function expectToComeBack(value: JsonValue): void {
    const made = make(language, value)
    if ('refused' in made) return
    const shown: Shown = read(made.literal)
    expect({ literal: made.literal, same: isSame(value, shown) }).toEqual({
      literal: made.literal,
      same: true,
    })
  }

  it('gives back every nasty value', () => {
    for (const value of [...NASTY_VALUES, ...LONG_VALUES]) expectToComeBack(value)
  })

  it('gives back generated values', () => {
    fc.assert(fc.property(anyValue, expectToComeBack), { numRuns: 1000 })
  })
})

describe('the grammars', () => {
  it('know what runs code or changes a value', () => {
    expect(() => readJulia('"$(run(x))"')).toThrow()
    expect(() => readPowershell('"$(calc)"')).toThrow()
    expect(() => readPowershell('"a“b"')).toThrow()
    expect(() => readPowershell('"a`"')).toThrow()
    expect(() => readPowershell('@{"a" = 1\n "A" = 2}')).toThrow()
    expect(() => readMatlab('"a\nb"')).toThrow()
    expect(() => readMatlab('"a"b"')).toThrow()
    expect(same({})([true, '2'], readJulia('[true, "2"]'))).toBe(true)
    expect(readJulia('[true, 2]')).toEqual({ l: [{ i: '1' }, { i: '2' }] })
    expect(readPowershell('@(@(1, 2))')).toEqual(readPowershell('@(1, 2)'))
  })
})
