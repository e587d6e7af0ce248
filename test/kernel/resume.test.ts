import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AdoptedCell, judgeAdopted } from '../../src/kernel/resume.ts'

const cell = (ran: boolean, reply?: AdoptedCell['reply']): AdoptedCell => ({ ran, reply })

describe('what became of cells that were sent before the way broke', () => {
  it('is said by their replies', () => {
    expect(judgeAdopted([cell(true, 'ok'), cell(true, 'error'), cell(false, 'aborted')], undefined)).toEqual([
      'known',
      'known',
      'known',
    ])
  })

  it('is success where a later one ran', () => {
    expect(judgeAdopted([cell(true), cell(false), cell(true, 'ok')], undefined)).toEqual([
      'succeeded',
      'succeeded',
      'known',
    ])
  })

  it('is not known where one ran, and nothing later did', () => {
    expect(judgeAdopted([cell(true, 'ok'), cell(true), cell(false)], undefined)).toEqual([
      'known',
      'unknown',
      'never-sent',
    ])
  })

  it('is nothing where there was no sign of any', () => {
    expect(judgeAdopted([cell(false), cell(false)], undefined)).toEqual(['never-sent', 'never-sent'])
    expect(judgeAdopted([cell(false), cell(false)], 0)).toEqual(['never-sent', 'never-sent'])
  })

  it('is told by the count of executions where no message is left', () => {
    expect(judgeAdopted([cell(false), cell(false), cell(false)], 2)).toEqual([
      'succeeded',
      'unknown',
      'never-sent',
    ])
  })

  it('never lets a cell be sent again that ran, or that an earlier cell of unknown end stands before', () => {
    const any = fc.record({
      ran: fc.boolean(),
      reply: fc.constantFrom('ok' as const, 'error' as const, 'aborted' as const, undefined),
    })
    fc.assert(
      fc.property(fc.array(any), fc.option(fc.nat(5), { nil: undefined }), (cells, count) => {
        const verdicts = judgeAdopted(cells, count)
        for (const [index, verdict] of verdicts.entries()) {
          if (verdict !== 'never-sent') continue
          expect(cells[index]).toMatchObject({ ran: false, reply: undefined })
          expect(verdicts.slice(index).every((later) => later === 'never-sent' || later === 'known')).toBe(
            true,
          )
        }
      }),
    )
  })
})
