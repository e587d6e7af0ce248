import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cellPairs } from '../../src/notebook/cell-pairs.ts'

const code = (sources: string) => [...sources].map((source) => ({ type: 'code', source }))
const shown = (left: string, right: string) =>
  cellPairs(code(left), code(right))
    .map((pair) => `${pair.left ?? '-'}${pair.differs ? '≠' : '='}${pair.right ?? '-'}`)
    .join(' ')

it.each([
  ['', '', ''],
  ['abc', 'abc', '0=0 1=1 2=2'],
  ['abc', 'axc', '0=0 1≠1 2=2'],
  ['abc', 'ac', '0=0 1≠- 2=1'],
  ['ac', 'abc', '0=0 -≠1 1=2'],
  ['abcd', 'axyzd', '0=0 1≠1 2≠2 -≠3 3=4'],
  ['ab', '', '0≠- 1≠-'],
])('%j and %j are %j', (left, right, pairs) => {
  expect(shown(left, right)).toBe(pairs)
})

it('cells of other types are others', () => {
  expect(cellPairs([{ type: 'code', source: 'a' }], [{ type: 'markdown', source: 'a' }])).toEqual([
    { left: 0, right: 0, differs: true },
  ])
})

it('has each cell once and in its order, whatever the notebooks', () => {
  const sources = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(sources, sources, (left, right) => {
      const pairs = cellPairs(code(left), code(right))
      const sides = (side: 'left' | 'right') => pairs.flatMap((pair) => pair[side] ?? [])
      expect(sides('left')).toEqual([...left].map((_, index) => index))
      expect(sides('right')).toEqual([...right].map((_, index) => index))
      for (const pair of pairs) expect(pair.differs).toBe(left[pair.left ?? -1] !== right[pair.right ?? -1])
    }),
  )
})

it('pairs notebooks that have nothing in common in their order', () => {
  const cells = (name: string) =>
    Array.from({ length: 3_000 }, (_, index) => ({ type: 'code', source: `${name}${index}` }))
  const pairs = cellPairs(cells('a'), cells('b'))
  expect(pairs).toHaveLength(3_000)
  expect(pairs[2_999]).toEqual({ left: 2_999, right: 2_999, differs: true })
})
