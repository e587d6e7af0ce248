import { createWriteStream } from 'node:fs'
import type { OutputChange } from '../notebook/outputs.ts'

export interface StreamOptions {
  readonly logOutput?: boolean
  readonly stdoutFile?: string
  readonly stderrFile?: string
}

/** What cells print, as it comes: to our standard error with --log-output, and to the files asked for. */
export function streamCopies({
  logOutput,
  stdoutFile,
  stderrFile,
}: StreamOptions): (change: OutputChange) => void {
  const files = {
    stdout: stdoutFile === undefined ? undefined : createWriteStream(stdoutFile),
    stderr: stderrFile === undefined ? undefined : createWriteStream(stderrFile),
  }
  let stream: 'stdout' | 'stderr' = 'stdout'
  return (change) => {
    let text: unknown
    if (change.type === 'append' && change.output.get('output_type') === 'stream') {
      stream = change.output.get('name') === 'stderr' ? 'stderr' : 'stdout'
      text = change.output.get('text')
    } else if (change.type === 'text') text = change.text
    if (typeof text !== 'string') return
    if (logOutput) process.stderr.write(text)
    files[stream]?.write(text)
  }
}
