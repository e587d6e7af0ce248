import { expect, it } from 'vitest'
import { parseJson } from '../../src/notebook/json.ts'
import { textReader } from '../../src/notebook/query-value.ts'
import { givenText, parametersText, valueText } from '../../web/src/components/value-text.ts'

it.each([
  ['a,b', 'a,b'],
  [1.5, '1.5'],
  [true, 'true'],
  [null, ''],
  [undefined, ''],
  [[1, 2.5], '1,2.5'],
  [[true, false], 'true,false'],
  [['a,b'], '["a,b"]'],
  [[null], '[null]'],
  [[], '[]'],
  [{ a: [1] }, '{"a":[1]}'],
])('%j is %j in a link', (value, text) => {
  expect(valueText(value)).toBe(text)
})

it.each([[['a', 'b']], [['a,b', 'c']], [['a,b']], [[' a']], [['']], [['[x']], [[]]])(
  'the service reads the list %j from it',
  (list) => {
    const read = textReader({ type: 'array', items: { type: 'string' } })
    expect(read([valueText(list)])).toEqual(parseJson(JSON.stringify(list)))
  },
)

it('says of nothing that it is not given', () => {
  expect([null, undefined, 0, false].map(givenText)).toEqual(['not given', 'not given', '0', 'false'])
  expect(parametersText({ year: 2024, area: null, wide: false })).toBe('year=2024, wide=false')
})
