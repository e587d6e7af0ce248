import type { Outcome } from './interpreter.ts'

/** What a compiler makes of many cells at once: an outcome each, or the error that stopped it from making anything. */
export type Batch = readonly Outcome[] | { readonly error: string }

/** A compiler refuses the whole for one bad cell: halve until the bad one is alone. */
export async function inBatches(
  cells: readonly string[],
  compile: (cells: readonly string[]) => Promise<Batch>,
  size = 200,
): Promise<Outcome[]> {
  if (cells.length > size) {
    const rest = await inBatches(cells.slice(size), compile, size)
    return [...(await inBatches(cells.slice(0, size), compile, size)), ...rest]
  }
  const batch = await compile(cells)
  if (!('error' in batch)) return [...batch]
  if (cells.length < 2) return cells.map(() => batch)
  const middle = Math.ceil(cells.length / 2)
  const first = await inBatches(cells.slice(0, middle), compile, size)
  return [...first, ...(await inBatches(cells.slice(middle), compile, size))]
}
