import { describe, expect, it } from 'vitest'
import { JsonNumber } from '../../src/notebook/json.ts'
import { limitChoice, limitsOfBody, limitsOfLink } from '../../src/run/limits.ts'
import { readLink } from '../../src/run/link.ts'

const { usual, most } = limitChoice({ runSeconds: 3_600, outputBytes: 1_000_000, cellOutputBytes: 500_000 })
const ofLink = (query: string, highest: typeof most | undefined = most) =>
  limitsOfLink(readLink(new URLSearchParams(query)).controls.limits, highest)
const ofBody = (limits: Readonly<Record<string, string>>) =>
  limitsOfBody(new Map(Object.entries(limits).map(([name, raw]) => [name, new JsonNumber(raw)])), most)

describe('what may be chosen', () => {
  it('is as much as the settings have, and for a cell without a limit what the run may take', () => {
    expect(usual).toEqual({ runSeconds: 3_600, outputBytes: 1_000_000, cellOutputBytes: 500_000 })
    expect(most).toMatchObject({ cellSeconds: 3_600, silentSeconds: 3_600 })
    expect(limitChoice({ runSeconds: 100, cellSeconds: 10 }).most).toMatchObject({ silentSeconds: 10 })
  })
})

describe('limits of a link', () => {
  it('are taken up to the most, and left out where they are empty', () => {
    const { limits, faults } = ofLink('_run_timeout=3600&_cell_timeout=1&_output_bytes=1000&_idle_timeout=')
    expect(limits).toEqual({ runSeconds: 3_600, cellSeconds: 1, outputBytes: 1_000 })
    expect(faults).toEqual([])
  })

  it.each(['3601', '0', '-1', 'NaN', 'Infinity', '1e3', '1.5', '10m', '٣', '9'.repeat(400), ' 5'])(
    'refuse %s, and say what came and what may come',
    (text) => {
      const { limits, faults } = ofLink(`_run_timeout=${encodeURIComponent(text)}`)
      expect(limits).toEqual({})
      expect(faults).toMatchObject([
        {
          name: '_run_timeout',
          fault: 'invalid',
          received: text.length > 200 ? `${text.slice(0, 200)}…` : text,
          expected: 'a whole number of seconds, from 1 to 3600',
        },
      ])
    },
  )

  it('need a run', () => {
    const { faults } = limitsOfLink(new Map([['_cell_timeout', '5']]), undefined)
    expect(faults).toMatchObject([
      { name: '_cell_timeout', message: expect.stringContaining('_mode=execute') },
    ])
  })

  it('are refused where they are given twice, and near to what is nearly one', () => {
    const { faults } = readLink(new URLSearchParams('_run_timeout=1&_run_timeout=2&_run_timeut=3'))
    expect(faults).toMatchObject([
      { name: '_run_timeout', fault: 'repeated' },
      { name: '_run_timeut', fault: 'unknown', nearest: '_run_timeout' },
    ])
  })
})

describe('limits of a body', () => {
  it('are whole numbers by name', () => {
    expect(ofBody({ cellSeconds: '60' })).toEqual({ limits: { cellSeconds: 60 }, faults: [] })
  })

  it('are all told at once, by the names that they have there', () => {
    const { faults } = ofBody({
      runSeconds: '3601',
      outputBytes: '-5',
      cellSecond: '1',
      cellOutputBytes: '1',
    })
    expect(faults.map(({ name, fault, nearest }) => [name, fault, nearest])).toEqual([
      ['limits.cellSecond', 'unknown', 'limits.cellSeconds'],
      ['limits.cellOutputBytes', 'unknown', 'limits.outputBytes'],
      ['limits.runSeconds', 'invalid', undefined],
      ['limits.outputBytes', 'invalid', undefined],
    ])
  })

  it('are no text', () => {
    const { faults } = limitsOfBody(new Map([['runSeconds', '60']]), most)
    expect(faults).toMatchObject([{ name: 'limits.runSeconds', received: '"60"' }])
  })
})
