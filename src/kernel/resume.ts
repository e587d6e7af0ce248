/** What is known of a cell that was recorded as sent before the way to the kernel broke. */
export interface AdoptedCell {
  /** It began: its input or output was seen, then or now. */
  readonly ran: boolean
  readonly reply: 'ok' | 'error' | 'aborted' | undefined
}

/**
 * - `known`: its reply says what became of it.
 * - `succeeded`: its reply was lost, but a later cell ran, which no kernel does after an error that stops.
 * - `never-sent`: it never arrived, and may be sent.
 * - `unknown`: it ran, and nothing says how it ended.
 */
export type Verdict = 'known' | 'succeeded' | 'never-sent' | 'unknown'

/**
 * What became of the cells that were recorded as sent, in their order, once the kernel has answered a request sent
 * after all of them: whatever of them had arrived is over by then. `ranByCount` is how many of them ran by the
 * kernel's own count of executions, where it tells.
 */
export function judgeAdopted(
  cells: readonly AdoptedCell[],
  ranByCount: number | undefined,
): readonly Verdict[] {
  const ran = cells.map((cell, index) => didRun(cell) || index < (ranByCount ?? 0))
  return cells.map(({ reply }, index) => {
    if (reply !== undefined) return 'known'
    if (ran.includes(true, index + 1)) return 'succeeded'
    return ran[index] ? 'unknown' : 'never-sent'
  })
}

function didRun({ ran, reply }: AdoptedCell): boolean {
  return ran || reply === 'ok' || reply === 'error'
}
