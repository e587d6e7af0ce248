import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bash } from '../../interpreters/bash.ts'
import { python } from '../../interpreters/python.ts'
import { roundTrips } from '../../interpreters/round-trip.ts'
import { anyValue, LONG_VALUES, NASTY_VALUES } from './values.ts'

describe.each([
  { language: 'python', start: python },
  { language: 'bash', start: bash },
])('$language itself', ({ language, start }) => {
  it('gives back every value that went in', async () => {
    const interpreter = await start()
    if ('missing' in interpreter) throw new Error(`This machine has not ${interpreter.missing}`)
    const values = [...NASTY_VALUES, ...LONG_VALUES, ...fc.sample(anyValue, 300)]
    const verdicts = await roundTrips(language, interpreter, values)
    expect(verdicts.length).toBeGreaterThan(400)
    expect(verdicts.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))).toEqual([])
  })
})
