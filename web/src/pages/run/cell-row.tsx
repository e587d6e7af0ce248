import { Button, Loader } from '@mantine/core'
import { memo, useMemo, useState, useSyncExternalStore } from 'react'
import { durationText } from '../../components/time-text.ts'
import { CellOutputs } from '../../outputs/cell-outputs.tsx'
import { MarkdownText } from '../../outputs/markdown-text.tsx'
import type { CellView, RunModel } from './run-model.ts'
import { useNow } from './use-now.ts'

interface CellRowProps {
  readonly model: RunModel
  readonly index: number
  readonly total: number
  readonly widgets: () => Promise<unknown>
  /** The page is scrolled past it. */
  readonly hurry: boolean
}

/** Of a longer source the first lines are shown at first. */
const MAX_LINES = 24

/** One cell: what it says, how it stands, and what came out of it. */
export const CellRow = memo(function CellRow({ model, index, total, widgets, hurry }: CellRowProps) {
  const view = useSyncExternalStore(model.subscribe, () => model.cell(index))
  const { cell, outputs, status } = view
  const name = `Cell ${index + 1}`
  return (
    <article
      className="run-cell"
      data-cell={index}
      data-status={cell?.runs === false ? 'text' : status}
      aria-label={name}
      aria-posinset={index + 1}
      aria-setsize={total}
    >
      {cell === undefined ? (
        <p className="run-cell-head">{name}</p>
      ) : cell.type === 'markdown' ? (
        <MarkdownText source={cell.source} attachments={cell.attachments} label={name} hurry={hurry} />
      ) : (
        <>
          <p className="run-cell-head">
            <span>
              {name}
              {view.executionCount !== undefined && ` [${view.executionCount}]`}
            </span>
            {cell.runs && <Status {...view} />}
          </p>
          <Source source={cell.source} leftOut={cell.leftOut} />
        </>
      )}
      {outputs !== undefined && outputs.length > 0 && (
        <CellOutputs
          outputs={outputs}
          label={`Output of cell ${index + 1}`}
          widgets={widgets}
          hurry={hurry}
        />
      )}
      {outputs === undefined && cell !== undefined && cell.outputs > 0 && (
        <p className="cell-outputs-note">Loading the output …</p>
      )}
    </article>
  )
})

function Status({ status, started, seconds }: CellView) {
  switch (status) {
    case 'running':
      return (
        <span className="run-cell-status">
          <Loader size={12} /> Running <Since at={started} />
        </span>
      )
    case 'completed':
      return <span className="run-cell-status">{seconds === undefined ? 'Done' : durationText(seconds)}</span>
    case 'failed':
      return (
        <span className="run-cell-status run-cell-failed">
          Failed{seconds !== undefined && ` after ${durationText(seconds)}`}
        </span>
      )
    default:
      return <span className="run-cell-status">Not run</span>
  }
}

function Since({ at }: { readonly at: string | undefined }) {
  const now = useNow()
  if (at === undefined) return null
  return durationText(Math.max(0, Math.round((now - Date.parse(at)) / 1000)))
}

function Source({ source, leftOut }: { readonly source: string; readonly leftOut: number | undefined }) {
  const [whole, setWhole] = useState(false)
  const lines = useMemo(() => source.split('\n'), [source])
  if (source.trim() === '') return null
  const isCut = !whole && lines.length > MAX_LINES
  return (
    <>
      <pre className="run-cell-source">
        <code>{isCut ? lines.slice(0, MAX_LINES - 4).join('\n') : source}</code>
      </pre>
      {isCut && (
        <Button size="compact-xs" variant="subtle" className="run-cell-more" onClick={() => setWhole(true)}>
          Show all {lines.length} lines
        </Button>
      )}
      {leftOut !== undefined && (
        <p className="cell-outputs-note">The rest of this cell is in the notebook.</p>
      )}
    </>
  )
}
