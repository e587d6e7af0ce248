import type { Output } from '../../outputs/output.ts'
import type { OutputChange } from './run-event.ts'

/** Of a printed text so much is kept: twice what is shown, so that it is seldom cut. */
const MAX_TEXT = 400_000

/** The outputs after a change. Undefined where it does not fit to them: they are to be asked for again. */
export function changedOutputs(
  outputs: readonly Output[],
  change: OutputChange,
): readonly Output[] | undefined {
  switch (change.type) {
    case 'append':
      return [...outputs, change.output]
    case 'replace':
      return change.index < outputs.length ? outputs.with(change.index, change.output) : undefined
    case 'clear':
      return []
    case 'text': {
      const last = outputs.at(-1)
      if (last?.output_type !== 'stream') return undefined
      const kept =
        change.drop === 0 ? last.text : last.text.slice(0, Math.max(0, last.text.length - change.drop))
      const text = kept + change.text
      const shown = text.length > 2 * MAX_TEXT ? text.slice(-MAX_TEXT) : text
      return outputs.with(-1, { ...last, text: shown })
    }
    default:
      // Widgets, and the times of the kernel's messages: no output changes.
      return outputs
  }
}
