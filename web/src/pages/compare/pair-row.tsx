import { useInViewport } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { cellOutputsQuery, type RunCell } from '../../api/cells.ts'
import { durationText } from '../../components/time-text.ts'
import { CellOutputs } from '../../outputs/cell-outputs.tsx'
import { MarkdownText } from '../../outputs/markdown-text.tsx'
import type { Output } from '../../outputs/output.ts'
import { pictureOf } from '../../outputs/plain-output.tsx'
import { PictureSlider } from './picture-slider.tsx'
import { type SourcePart, sourceParts } from './source-parts.ts'

/** Cells of two runs that stand beside each other; undefined where one run has none there. */
type CellPair = Readonly<Record<Side, RunCell | undefined>> & {
  /** Undefined where there was too much to compare. */
  readonly outputsDiffer: boolean | undefined
}

interface PairRowProps {
  readonly pair: CellPair
  readonly ids: Readonly<Record<Side, string>>
  readonly widgets: Readonly<Record<Side, () => Promise<unknown>>>
}

const SIDES = ['left', 'right'] as const
type Side = (typeof SIDES)[number]

/** A cell of each run; what came out of them is asked for when they are seen. */
export function PairRow({ pair, ids, widgets }: PairRowProps) {
  const { ref, inViewport } = useInViewport()
  const parts = useMemo(() => sourceParts(pair.left?.source ?? '', pair.right?.source ?? ''), [pair])
  const left = useOutputs(ids.left, pair.left, inViewport)
  const right = useOutputs(ids.right, pair.right, inViewport)
  const outputs = { left, right }
  const hasOutputs = SIDES.some((side) => (pair[side]?.outputs ?? 0) > 0)
  const pictures = [lastPicture(left), lastPicture(right)]
  const cell = pair.left ?? pair.right
  const label = `Picture of cell ${(cell?.index ?? 0) + 1}`
  return (
    <div className="compare-pair" ref={ref}>
      {SIDES.map((side) => (
        <div key={side} className="compare-side" data-side={side}>
          <Cell cell={pair[side]} side={side} parts={parts[side]} hurry={!inViewport} />
          {outputs[side].length > 0 && (
            <CellOutputs
              outputs={outputs[side]}
              label={`Output of cell ${(pair[side]?.index ?? 0) + 1}, ${side}`}
              widgets={widgets[side]}
            />
          )}
        </div>
      ))}
      {hasOutputs && pair.outputsDiffer !== undefined && (
        <p className="run-cell-head compare-wide">
          {pair.outputsDiffer ? 'The outputs differ.' : 'The outputs are the same.'}
        </p>
      )}
      {pictures[0] !== undefined && pictures[1] !== undefined && (
        <div className="compare-wide">
          <PictureSlider left={pictures[0]} right={pictures[1]} label={label} />
        </div>
      )}
    </div>
  )
}

const NONE: readonly Output[] = []

function useOutputs(id: string, cell: RunCell | undefined, isSeen: boolean): readonly Output[] {
  const { data } = useQuery({
    ...cellOutputsQuery(id, cell?.index ?? 0),
    enabled: isSeen && cell !== undefined && cell.outputs > 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return data?.outputs ?? NONE
}

const lastPicture = (outputs: readonly Output[]): string | undefined =>
  outputs.map(pictureOf).findLast((source) => source !== undefined)

interface CellProps {
  readonly cell: RunCell | undefined
  readonly side: Side
  readonly parts: readonly SourcePart[]
  /** Not seen yet. */
  readonly hurry: boolean
}

function Cell({ cell, side, parts, hurry }: CellProps) {
  if (cell === undefined) return <p className="run-cell-head">The {side} run has no such cell.</p>
  return (
    <>
      <p className="run-cell-head">
        <span>Cell {cell.index + 1}</span>
        {cell.runs && <span>{cell.seconds === undefined ? cell.status : durationText(cell.seconds)}</span>}
      </p>
      {cell.type === 'markdown' && (
        <MarkdownText
          source={cell.source}
          attachments={cell.attachments}
          label={`Cell ${cell.index + 1}, ${side}`}
          hurry={hurry}
        />
      )}
      {cell.source !== '' && (cell.type !== 'markdown' || parts.some(({ isOnlyHere }) => isOnlyHere)) && (
        <pre className="run-cell-source">
          <code>
            {parts.map(({ text, isOnlyHere }, index) =>
              isOnlyHere ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name than their place.
                <mark key={index} className="compare-only">
                  {text}
                </mark>
              ) : (
                text
              ),
            )}
          </code>
        </pre>
      )}
    </>
  )
}
