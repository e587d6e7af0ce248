import type { Log } from '../../src/catalog/log.ts'

/** A log that can be read. */
export function logBook(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const write = (details: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(details)}`)
  }
  return { lines, info: write, warn: write }
}
