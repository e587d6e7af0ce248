import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StreamText } from '../../src/notebook/stream-text.ts'
import { utf8Length } from '../../src/notebook/text-bytes.ts'
import { processorMs } from '../support/processor-time.ts'

function written(...pieces: readonly string[]): string {
  const text = new StreamText()
  for (const piece of pieces) text.write(piece)
  return text.toString()
}

const piece = fc
  .array(fc.constantFrom('\r', '\b', '\n', '\r\n', 'a', 'bc', 'é', '😀', 'line\nline'), { maxLength: 8 })
  .map((parts) => parts.join(''))

describe('the text of a stream', () => {
  it.each([
    ['10%\r20%\r30%', '30%'],
    ['a\r\nb', 'a\r\nb'],
    ['a\r\r\nb', '\r\nb'],
    ['kept\nover\rnew', 'kept\nnew'],
    ['a\r', 'a\r'],
    ['ab\b\bc', 'c'],
    ['a\n\b\bb', 'a\nb'],
    ['\b', ''],
    ['x😀\b', 'x'],
    ['a\r\bb', 'ab'],
  ])('%j is %j', (printed, shown) => {
    expect(written(printed)).toBe(shown)
    expect(written(...printed), 'in pieces').toBe(shown)
  })

  it('does not depend on how it is cut into pieces', () => {
    fc.assert(fc.property(fc.array(piece), (pieces) => written(...pieces) === written(pieces.join(''))))
  })

  it('is what its changes make of it, and counts its bytes', () => {
    const same = (pieces: readonly string[], room: number) => {
      const [text, replayed] = [new StreamText(), new StreamText()]
      for (const printed of pieces) {
        const change = text.write(printed, room)
        replayed.apply(change)
        expect(replayed.toString()).toBe(text.toString())
        expect(text.bytes).toBe(utf8Length(text.toString()))
        expect(text.bytes).toBeLessThanOrEqual(room)
      }
    }
    fc.assert(fc.property(fc.array(piece), fc.nat(40), same))
  })

  it('grows in linear time, line by line and in one line', { timeout: 60_000 }, () => {
    for (const printed of ['x'.repeat(99), `${'x'.repeat(98)}\n`, `${'x'.repeat(98)}\r`]) {
      const text = new StreamText()
      const took = processorMs(() => {
        for (let count = 0; count < 300_000; count += 1) text.write(printed)
      })
      expect(took, JSON.stringify(printed.at(-1))).toBeLessThan(10_000)
    }
  })
})
