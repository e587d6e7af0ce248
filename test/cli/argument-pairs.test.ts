import { describe, expect, it } from 'vitest'
import { joinPairs, parsePair } from '../../src/cli/argument-pairs.ts'
import { RunnerError } from '../../src/errors.ts'

const OPTIONS = [
  { short: '-p', long: '--parameters', required: true },
  { short: '-r', long: '--parameters_raw', required: true },
  { short: '-y', long: '--parameters_yaml', required: true },
  { long: '--prepare', required: false },
]
const joined = (...args: string[]) => joinPairs(args, OPTIONS)

describe('-p NAME VALUE', () => {
  it.each([
    ['lon', '-4.5'],
    ['name', '--prepare'],
    ['name', '-p'],
    ['name', ''],
    ['name', '--'],
    ['"', 'a "b"\n=\\'],
  ])('takes the pair %j %j', (name, value) => {
    const [one = '', ...others] = joined('-p', name, value)
    expect(others).toEqual([])
    expect(one).toMatch(/^--parameters=/)
    expect(parsePair(one.slice('--parameters='.length))).toEqual([[name, value]])
  })

  it('has the spellings of papermill', () => {
    const pair = '--parameters=["year","2024"]'
    for (const args of [
      ['-p', 'year', '2024'],
      ['-pyear', '2024'],
      ['--parameters', 'year', '2024'],
      ['--parameters=year', '2024'],
    ]) {
      expect(joined('in.ipynb', ...args, 'out.ipynb')).toEqual(['in.ipynb', pair, 'out.ipynb'])
    }
    expect(joined('-r', 'year', '2024')).toEqual(['--parameters_raw=["year","2024"]'])
  })

  it('leaves alone what is the value of another option, and what follows --', () => {
    expect(joined('-y', '-p', 'a', '--prepare', '-x')).toEqual(['-y', '-p', 'a', '--prepare', '-x'])
    expect(joined('--parameters_yaml=-p', '-ya', '-', '-p', 'a', 'b')).toEqual([
      ...['--parameters_yaml=-p', '-ya', '-', '--parameters=["a","b"]'],
    ])
    expect(joined('--', '-p', 'a', 'b')).toEqual(['--', '-p', 'a', 'b'])
  })

  it('collects', () => {
    expect(parsePair('["b","2"]', [['a', '1']])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
  })

  it.each([
    [['-p'], '-p takes a name and a value, such as -p year 2024; here neither follows.'],
    [['-p', 'year'], '-p takes a name and a value, such as -p year 2024; here no value follows "year".'],
    [['-p', 'year=2024', 'x'], '-p takes a name and a value as two arguments: -p year 2024'],
    [['-r', 'title=a b', 'x'], '-r takes a name and a value as two arguments: -r title "a b"'],
  ])('is explained when it is wrong: %j', (args, message) => {
    expect(() => joined(...args)).toThrow(new RunnerError('usage', message))
  })
})
