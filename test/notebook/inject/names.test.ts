import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RunnerError } from '../../../src/errors.ts'
import { parametersSource, translatorFor } from '../../../src/notebook/inject/translator.ts'
import { JsonNumber, type JsonValue } from '../../../src/notebook/json.ts'
import { HOSTILE, ORDINARY, RESERVED_SOMEWHERE, UNICODE } from './names.ts'

const LANGUAGES = ['python', 'r', 'scala', 'julia', 'matlab', 'csharp', 'fsharp', 'powershell', 'bash']
const named = (language: string) => translatorFor({ kernelName: undefined, language })

describe.each(LANGUAGES)('names in %s', (language) => {
  const translator = named(language)
  const asciiOnly = ['matlab', 'bash'].includes(language)

  it('that could break out, or are another name than they look, are refused', () => {
    expect(HOSTILE.filter((name) => translator.isName(name))).toEqual([])
  })

  it('that people give are taken', () => {
    const words = ORDINARY.filter((name) => !RESERVED_SOMEWHERE.includes(name))
    expect(words.filter((name) => !translator.isName(name))).toEqual([])
    expect(UNICODE.filter((name) => translator.isName(name))).toEqual(asciiOnly ? [] : UNICODE)
  })
})

describe('reserved words', () => {
  it('are those that Python itself lists', () => {
    const python = join(import.meta.dirname, '../../../.venv-oracle/bin/python')
    const listed = execFileSync(python, ['-c', 'import keyword; print(*keyword.kwlist)'], {
      encoding: 'utf8',
    })
    expect(listed.trim().split(' ').filter(named('python').isName)).toEqual([])
  })

  it('are those that bash itself lists, and its variables', () => {
    const list = 'compgen -k; compgen -A variable | grep -v "^_"'
    const listed = execFileSync('env', ['-i', 'bash', '--norc', '-c', list], { encoding: 'utf8' })
    expect(listed.trim().split('\n').filter(named('bash').isName)).toEqual([])
  })

  it.each([
    ['r', 'if TRUE NULL NaN NA_integer_ function ... ..1 .5 a_b.c', ['a_b.c']],
    ['scala', 'val given then enum export _ type Map derives end', ['derives', 'end']],
    ['julia', 'end where nothing Dict mutable public', ['mutable', 'public']],
    ['matlab', `end spmd containers e${'x'.repeat(63)} arguments`, ['arguments']],
    ['csharp', 'class await System var record', ['var', 'record']],
    ['fsharp', 'let None Some box atomic sig x y', ['x', 'y']],
    ['powershell', 'args ARGS Host pid true PSItem if', ['if']],
    ['bash', 'if PATH IFS UID PS1 path', ['path']],
  ])('in %s', (language, candidates, taken) => {
    expect(candidates.split(' ').filter(named(language).isName)).toEqual(taken)
  })
})

describe('the source of the parameters', () => {
  it('is refused with every fault at once', () => {
    const values = new Map<string, JsonValue>([
      ['a b', null],
      ['fine', true],
      ['big', new JsonNumber('9007199254740993')],
    ])
    const refused = thrownBy(() => parametersSource(named('r'), values))
    expect(refused?.code).toBe('invalid-parameters')
    expect(refused?.message).toBe('These parameters cannot be put into the notebook: a b, big.')
    expect(refused?.errors?.map(({ name, fault }) => [name, fault])).toEqual([
      ['a b', 'invalid'],
      ['big', 'invalid'],
    ])
    expect(refused?.errors?.[1]?.message).toContain('give it as text')
  })

  it('is refused where two names are one variable', () => {
    const values = new Map([
      ['year', true],
      ['Year', false],
    ])
    expect(thrownBy(() => parametersSource(named('powershell'), values))?.errors?.[0]?.message).toBe(
      '"Year" and "year" are one variable in powershell.',
    )
    expect(parametersSource(named('python'), values)).toBe('# Parameters\nyear = True\nYear = False\n')
  })

  it.each(LANGUAGES)('has a comment that stays one line in %s', (language) => {
    const source = parametersSource(named(language), new Map(), 'one\ntwo\u2028three *) " four')
    expect(source.split(/[\n\u2028]/)).toHaveLength(2)
    expect(source).not.toMatch(/\*\) /)
  })
})

describe('the translator of a notebook', () => {
  it('is found by the kernel first, then by the language', () => {
    expect(translatorFor({ kernelName: 'sparkrkernel', language: 'python' }).language).toBe('r')
    expect(translatorFor({ kernelName: 'python3', language: 'python' }).language).toBe('python')
    expect(translatorFor({ kernelName: '.net-fsharp', language: 'C#' }).language).toBe('fsharp')
    expect(translatorFor({ kernelName: 'ir', language: 'R' }).language).toBe('r')
  })

  it('is refused for another language', () => {
    const refused = thrownBy(() => translatorFor({ kernelName: 'cobol', language: undefined }))
    expect(refused?.code).toBe('unsupported-language')
    expect(refused?.message).toContain('cobol')
    expect(refused?.message).toContain('powershell')
  })
})

function thrownBy(run: () => unknown): RunnerError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof RunnerError) return error
    throw error
  }
}
