import { lineEnd, splitLines } from './lines.ts'

/** Characters that are encoded at a time. */
const CHUNK = 64 * 1024
const encoder = new TextEncoder()

/**
 * A text in pieces as a file has it, a JSON list of its lines, in chunks that are made as they are asked for: of a long
 * text there is no second one in memory, be it joined, in lines or encoded.
 * @param depth of the node that the list is a member of, in spaces
 */
export function* linesInChunks(pieces: readonly string[], depth: number): Generator<Uint8Array> {
  const newline = `\n${' '.repeat(depth)}`
  let chunk = ''
  let separator = '['
  for (const line of linesOf(pieces)) {
    chunk += `${separator}${newline} ${JSON.stringify(line)}`
    separator = ','
    if (chunk.length < CHUNK) continue
    yield encoder.encode(chunk)
    chunk = ''
  }
  yield encoder.encode(`${chunk}${separator === '[' ? '[]' : `${newline}]`}`)
}

/** As `splitLines` of the whole. The last line of a piece waits for the next one: a line end may lie across the two. */
function* linesOf(pieces: readonly string[]): Generator<string> {
  let waiting: string[] = []
  for (const piece of pieces) {
    waiting.push(piece)
    // Without a line end there is nothing to split yet: a long line would be looked at for each of its pieces.
    if (!lineEnd.test(piece)) continue
    const lines = splitLines(waiting.join(''))
    waiting = lines.slice(-1)
    yield* lines.slice(0, -1)
  }
  yield* splitLines(waiting.join(''))
}
