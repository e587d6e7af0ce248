import { compactJson } from '../notebook/compact-json.ts'
import type { ExecutedNotebook } from '../notebook/executed.ts'
import { scrapsOf } from '../notebook/scraps.ts'
import type { RunInWork } from './execute-parts.ts'
import { throughOutages } from './through-outages.ts'

/** So many are kept of a run, of so many UTF-16 units in all; what is more is in the notebook only. */
const MOST = 1_000
const ROOM = 1_000_000

/** Keeps the values that the notebook has named with its run, where they are found without reading it again. */
export async function keepScraps({ claim, hold }: RunInWork, notebook: ExecutedNotebook): Promise<void> {
  const scraps = [...scrapsOf(notebook)].slice(0, MOST)
  if (scraps.length === 0) return
  let room = ROOM
  const texts = scraps.map(([name, value]): [string, string | undefined] => {
    const text = compactJson(value)
    if (text.length > room) return [name, undefined]
    room -= text.length
    return [name, text]
  })
  await throughOutages(() => claim.lease.setScraps(new Map(texts)), hold.signal)
}
