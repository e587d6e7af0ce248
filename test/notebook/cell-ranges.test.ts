import fc from 'fast-check'
import { expect, it } from 'vitest'
import { notebookRanges } from '../../src/notebook/cell-ranges.ts'

const encoder = new TextEncoder()

function found(text: string) {
  const bytes = encoder.encode(text)
  const walk = notebookRanges(bytes)
  let pauses = 0
  let step = walk.next()
  for (; !step.done; step = walk.next()) pauses++
  const textOf = ({ start, end }: { start: number; end: number }) =>
    new TextDecoder().decode(bytes.subarray(start, end))
  const { cells, metadata } = step.value
  return {
    cells: cells.map((range) => JSON.parse(textOf(range))),
    metadata: metadata && JSON.parse(textOf(metadata)),
    pauses,
  }
}

it('finds what JSON.parse finds, whatever is in it and however it is written', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.constantFrom(undefined, 1, 4, '\t', '\r\n '),
      (cells, metadata, other, indent) => {
        const given = { other, cells, '"cells\\': [other], metadata, last: other }
        // JSON.stringify takes spaces and tabs alone.
        const text =
          indent === '\r\n '
            ? JSON.stringify(given, undefined, 1).replaceAll('\n', '\r\n')
            : JSON.stringify(given, undefined, indent)
        const plain = JSON.parse(text)
        expect(found(text)).toMatchObject({ cells: plain.cells, metadata: plain.metadata })
      },
    ),
  )
})

it('pauses on the way through a large notebook', () => {
  const cells = Array.from({ length: 30 }, () => ({ source: 'x'.repeat(1_000_000) }))
  expect(found(JSON.stringify({ cells })).pauses).toBeGreaterThan(5)
})

it.each([
  '',
  '[]',
  '{',
  '{"cells":',
  '{"cells":[{"a":1}',
  '{"cells":["abc',
  '{"cells" 1}',
  '{"cells":[1}',
  'nonsense',
])('refuses %j', (text) => {
  expect(() => found(text)).toThrow(expect.objectContaining({ code: 'invalid-notebook' }))
})
