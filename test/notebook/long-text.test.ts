import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExecutedNotebook } from '../../src/notebook/executed.ts'
import { pythonJson } from '../../src/notebook/json.ts'
import { splitLines } from '../../src/notebook/lines.ts'
import { linesInChunks } from '../../src/notebook/long-text.ts'
import { preparedText } from '../support/executed.ts'

const decoded = (chunks: Iterable<Uint8Array>): string => Buffer.concat([...chunks]).toString()
const piece = fc.string({
  unit: fc.constantFrom('a', '\n', '\r', '\u2028', '\x1d', '"', 'é', '\ud83d', '\ude00', '\0'),
  maxLength: 8,
})

function printing(...pieces: readonly string[]): ExecutedNotebook {
  const notebook = new ExecutedNotebook(new TextEncoder().encode(preparedText(['1'])), () => '12345678')
  notebook.started(new Date(0))
  notebook.cellStarted(0, new Date(0))
  for (const text of pieces) notebook.outputs.write(0, 'stdout', text, 1e9)
  notebook.changed(0)
  return notebook
}

describe('a long text', () => {
  it('is written as the list of its lines, wherever it was cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(decoded(linesInChunks(pieces, 5))).toBe(pythonJson(splitLines(pieces.join('')), 5))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is in the notebook what it would be as a short one', () => {
    const text = `${'é'.repeat(99)}\n`.repeat(4_000)
    const printed = JSON.parse(decoded(printing(text.slice(0, 150_001), text.slice(150_001)).chunks()))
    expect(printed.cells[0].outputs).toEqual([
      { name: 'stdout', output_type: 'stream', text: splitLines(text) },
    ])
    const layout = (lines: number) =>
      decoded(printing('x\n'.repeat(lines)).chunks()).replace(/\n {6}"x\\n",?/g, '')
    expect(layout(200_000)).toBe(layout(2))
  })

  it('stays what it was when it was asked for, however often it is read', () => {
    const notebook = printing('first\n'.repeat(100_000))
    const chunks = notebook.chunks()
    notebook.outputs.write(0, 'stdout', 'later', 1e9)
    notebook.changed(0)
    expect(decoded(chunks)).toBe(decoded(chunks))
    expect(decoded(chunks)).not.toContain('later')
    expect(decoded(notebook.chunks())).toContain('later')
  })
})
