import { CommanderError } from 'commander'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { report } from '../../src/cli/report.ts'
import { RunnerError } from '../../src/errors.ts'

let told: string
beforeEach(() => {
  told = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('an error of a command', () => {
  it('is one clear text, without a stack and without its cause', () => {
    expect(report(new RunnerError('not-found', 'It is not there.', { cause: new Error('inner') }))).toBe(1)
    expect(told).toBe('error: It is not there.\n')
  })

  it('ends with 2 where the command is not understood', () => {
    expect(report(new RunnerError('usage', 'Say more.'))).toBe(2)
    expect(report(new CommanderError(1, 'commander.unknownOption', 'told already'))).toBe(2)
    expect(report(new CommanderError(0, 'commander.helpDisplayed', 'help'))).toBe(0)
    expect(told).toBe('error: Say more.\n')
  })

  it('tells each fault once, in a line of its own', () => {
    const errors = [
      { name: 'a', fault: 'missing', message: 'a: missing.' },
      { name: 'b', fault: 'unknown', message: 'b: unknown.' },
    ] as const
    report(new RunnerError('invalid-parameters', 'a: missing. b: unknown.', { errors }))
    report(new RunnerError('invalid-parameters', 'Both are wrong.', { errors }))
    expect(told).toBe(
      'error: The parameters do not fit the notebook.\n  - a: missing.\n  - b: unknown.\n' +
        'error: Both are wrong.\n  - a: missing.\n  - b: unknown.\n',
    )
  })

  it('does not steer the terminal', () => {
    report(new RunnerError('not-found', 'a \u001b[31mred\u0007 \u009b2J line\nand\tmore'))
    expect(told).toBe('error: a \ufffd[31mred\ufffd \ufffd2J line\nand\tmore\n')
  })

  it('asks for a report where it was not foreseen', () => {
    for (const error of [new TypeError('x is not y'), new RunnerError('internal', 'x is not y')]) {
      told = ''
      expect(report(error)).toBe(1)
      expect(told).toMatch(/^error: Something went wrong inside of notebook-runner .* Please report it/)
      expect(told).toMatch(/Error: x is not y\n\s+at /)
    }
  })
})
