import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sweepQuery } from '../../src/notebook/sweep.ts'
import { readLink } from '../../src/run/link.ts'
import { inputs } from '../support/inputs.ts'

const GUIDE = await readFile(join(import.meta.dirname, '../../docs/links.md'), 'utf8')
const SCHEMA = inputs({
  year: { type: 'integer' },
  day: { type: 'string', format: 'date' },
  season: { enum: ['spring', 'summer'], type: 'string' },
  title: { type: 'string' },
  bbox: { type: 'array', format: 'bbox', items: { type: 'number' } },
})
const ROWS = [...GUIDE.matchAll(/^\| `(_each=[^`]*)` \| (\d+) \|/gm)].map(
  ([, query = '', runs = '']): [string, number] => [query, Number(runs)],
)

describe('docs/links.md', () => {
  it('has sweeps', () => {
    expect(ROWS).toHaveLength(8)
  })

  it.each(ROWS)('%s makes as many runs as it says: %i', (query, runs) => {
    const { controls, inputs: pairs, faults } = readLink(new URLSearchParams(query))
    expect(faults).toEqual([])
    expect(sweepQuery(SCHEMA, pairs, controls.each, 100).runs).toHaveLength(runs)
  })
})
