import { describe, expect, it } from 'vitest'
import { outputDifferences } from '../../src/http/output-differences.ts'
import { parseJson } from '../../src/notebook/json.ts'

function compared(left: readonly unknown[], right: readonly unknown[]) {
  const [one, other] = [left, right].map((outputs) => parseJson(JSON.stringify(outputs)))
  if (!Array.isArray(one) || !Array.isArray(other)) throw new Error('Lists are expected')
  return outputDifferences(one, other)
}
const shown = (data: Readonly<Record<string, unknown>>) => ({
  output_type: 'display_data',
  data,
  metadata: {},
})
const printed = (text: unknown, name = 'stdout') => ({ output_type: 'stream', name, text })

describe('outputs of two cells', () => {
  it('are the same by their text, also where it stands in lines, and by the values of JSON', () => {
    expect(compared([printed('a\nb')], [printed(['a\n', 'b'])])).toEqual([[{ type: 'stdout', is: 'same' }]])
    const [one, other] = [
      { a: 1, b: [2] },
      { b: [2.0], a: 1.0 },
    ].map((value) => shown({ 'application/json': value }))
    expect(compared([one], [other])).toEqual([[{ type: 'application/json', is: 'same' }]])
  })

  it('differ by type, a picture by what tells it apart and not as itself', () => {
    const left = shown({ 'text/plain': '<Figure>', 'image/png': 'AAAA', 'text/html': '<b>1</b>' })
    const right = shown({ 'text/plain': '<Figure>', 'image/png': 'BBBB', 'text/latex': '$1$' })
    const [types] = compared([left], [right])
    expect(types?.map(({ type, is }) => [type, is])).toEqual([
      ['text/plain', 'same'],
      ['image/png', 'different'],
      ['text/html', 'left-only'],
      ['text/latex', 'right-only'],
    ])
    const picture = types?.find(({ type }) => type === 'image/png')
    expect(picture?.left).toEqual({ bytes: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(picture?.right?.sha256).not.toBe(picture?.left?.sha256)
    expect(types?.[2]).toMatchObject({ left: { text: '<b>1</b>' } })
    expect(types?.[2]?.right).toBeUndefined()
  })

  it('that one cell has alone are there on one side', () => {
    const error = { output_type: 'error', ename: 'ValueError', evalue: 'no', traceback: ['…'] }
    expect(compared([printed('a')], [printed('a'), error])[1]).toMatchObject([
      { type: 'error', is: 'right-only', right: { text: 'ValueError: no' } },
    ])
    expect(compared([error], [{ ...error, traceback: ['other'] }])).toEqual([[{ type: 'error', is: 'same' }]])
  })

  it('are told as far as there is room', () => {
    const [types] = compared([printed('a'.repeat(100_000))], [printed('é')])
    expect(types?.[0]?.left?.bytes).toBe(100_000)
    expect(types?.[0]?.left?.text?.length).toBeLessThanOrEqual(1_001)
    expect(types?.[0]?.right).toMatchObject({ bytes: 2, text: 'é' })
  })
})
