import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../src/notebook/pattern.ts'
import { processorMs } from '../support/processor-time.ts'

describe('patterns', () => {
  it.each([
    ['^[A-Z]{2}\\d{4}$', 'AB1234', 'AB123'],
    ['^(?:\\d{1,3}\\.){3}\\d{1,3}$', '127.0.0.1', '127.0.0'],
    ['^[^@]+@[^@]+\\.[^@]+$', 'a@b.org', 'a@b'],
    ['^(?:S2A|S2B)_.*$', 'S2B_x', 'S2C_x'],
    ['\\u0041\\/\\-', 'A/-', 'A-'],
    ['(?<year>\\d{4})', 'in 2024', 'in 24'],
    ['^\\p{Lu}', 'É', 'é'],
    ['[(*+?|]', 'a|b', 'ab'],
    ['\\(\\)*', '(', ')'],
  ])('%s', (source, good, bad) => {
    const pattern = compilePattern(source)
    expect(pattern(good)).toBe(true)
    expect(pattern(bad)).toBe(false)
  })

  it.each(['^[a-z]+(-[a-z]+)*$', '^(a+)+$', '^(a|a)*$', '.*.*.*.*x', '(x{0,30}){2}'])(
    '%s is taken, and answers at once',
    (source) => expect(compilePattern(source)('a'.repeat(2000))).toBeTypeOf('boolean'),
  )

  it.each([
    ['[', 'not a regular expression'],
    ['a{2,1}', 'not a regular expression'],
    ['a'.repeat(501), 'longer than 500 characters'],
    ['(?=a)b', 'no look-ahead'],
    ['(a)\\1', 'no back-references'],
  ])('%s is refused: %s', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(SyntaxError)
    expect(() => compilePattern(source)).toThrow(reason)
  })

  it('does not try texts that are too long for it', () => {
    expect(compilePattern('^a$')('a'.repeat(8192))).toBe(false)
    expect(compilePattern('^(?:(?:a{0,30}){0,30})$')('a'.repeat(8192))).toBeUndefined()
  })

  it('never keeps the matcher busy for long', () => {
    const atom = fc.constantFrom('a', '.', '[ab]', '\\w', '(a)', '(?:ab)', '(a|b)', '(?:a|ab)', '(a?)')
    const part = fc
      .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'))
      .map((both) => both.join(''))
    const source = fc
      .tuple(
        fc.constantFrom('', '^'),
        fc.array(fc.oneof(part, fc.constant('|')), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('', '$', 'c'),
      )
      .map(([start, parts, end]) => start + parts.join('') + end)
    fc.assert(
      fc.property(source, (text) => {
        let pattern: ReturnType<typeof compilePattern>
        try {
          pattern = compilePattern(text)
        } catch {
          return
        }
        const took = processorMs(() => {
          for (const length of [100, 158, 500, 2000, 8192]) pattern(`${'a'.repeat(length - 1)}!`)
        })
        // One that explodes never ends.
        expect(took).toBeLessThan(3000)
      }),
      { numRuns: 300 },
    )
  })
})
