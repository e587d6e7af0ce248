import { request } from 'undici'

const PATIENCE_MS = 10_000
const MOST_BYTES = 256 * 1024

export interface Asked {
  readonly status: number
  /** Undefined where it is not JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined
  /** How far the clock there is ahead of ours, in seconds, by the header Date (whole seconds); undefined: not told. */
  readonly ahead: number | undefined
}

/** One request, and what it says besides its body. Throws what the network says. */
export async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const before = Date.now()
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const answer = await request(url, { headers: { accept: 'application/json', ...headers }, signal })
  const after = Date.now()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer.body) {
    const bytes = Buffer.from(chunk)
    size += bytes.byteLength
    if (size > MOST_BYTES) break
    chunks.push(bytes)
  }
  const date = Date.parse(String(answer.headers['date'] ?? ''))
  // The header has whole seconds, cut off: half of one is added.
  const ahead = Number.isNaN(date) ? undefined : (date + 500 - (before + after) / 2) / 1_000
  return { status: answer.statusCode, json: parsed(Buffer.concat(chunks).toString('utf8')), ahead }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}
