import type { OutputChange } from '../notebook/outputs.ts'
import { jsonBytes } from '../notebook/text-bytes.ts'
import type { RunEvent } from './event.ts'

/** About how many bytes of output an event carries; without any it is small. */
export const eventBytes = (event: RunEvent): number =>
  event.type === 'output' ? changeBytes(event.change) : 0

function changeBytes(change: OutputChange): number {
  switch (change.type) {
    case 'append':
    case 'replace':
      return jsonBytes(change.output)
    case 'text':
      return change.text.length
    case 'widget':
      return jsonBytes(change.state) + jsonBytes([...change.buffers])
    case 'captured':
      return changeBytes(change.change)
    default:
      return 0
  }
}
