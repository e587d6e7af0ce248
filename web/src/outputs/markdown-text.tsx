import { useMemo } from 'react'
import { CellOutputs } from './cell-outputs.tsx'
import type { Output } from './output.ts'

interface MarkdownTextProps {
  readonly source: string
  readonly attachments: Readonly<Record<string, unknown>> | undefined
  readonly label: string
  readonly hurry: boolean
}

/** Text of a notebook is written by strangers, as its outputs are: it is shown as one. */
export function MarkdownText({ source, attachments, label, hurry }: MarkdownTextProps) {
  const outputs = useMemo((): readonly Output[] => {
    if (source.trim() === '') return []
    return [
      {
        output_type: 'display_data',
        data: { 'text/markdown': source },
        metadata: attachments === undefined ? {} : { attachments },
      },
    ]
  }, [source, attachments])
  return <CellOutputs outputs={outputs} label={`Text of ${label.toLowerCase()}`} hurry={hurry} />
}
