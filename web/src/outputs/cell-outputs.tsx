import { lazy, Suspense, useMemo } from 'react'
import { FaultBoundary } from '../components/fault-boundary.tsx'
import { type Drawing, drawingOf } from '../map/drawing.ts'
import { MapOutput } from './map-output.tsx'
import { isFramed, shownTypes } from './mime.ts'
import type { Output, ShownOutput } from './output.ts'
import { PlainOutput } from './plain-output.tsx'
import './cell-outputs.css'

const OutputFrame = lazy(() => import('./output-frame.tsx'))

interface CellOutputsProps {
  readonly outputs: readonly Output[]
  /** What is shown, for those who can't see it: "Outputs of cell 3". */
  readonly label: string
  /** Asks for the state of the run's widgets, once an output is one. */
  readonly widgets?: () => Promise<unknown>
  /** While true no new frames are made: whoever scrolls fast past hundreds of outputs needs none of them. */
  readonly hurry?: boolean
}

type Part =
  | { readonly plain: Output }
  | { readonly drawing: Drawing }
  | { readonly framed: readonly ShownOutput[] }

/**
 * What a cell has printed and shown. Outputs are written by strangers: text and pictures are shown as what they are,
 * GeoJSON on our own map, and everything else in a frame of its own that has no origin, no cookies, no network and runs no script of theirs.
 */
export function CellOutputs({ outputs, label, widgets, hurry = false }: CellOutputsProps) {
  const parts = useMemo(() => partsOf(outputs), [outputs])
  return (
    <section className="cell-outputs" aria-label={label}>
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: outputs have no other name than their place.
        <FaultBoundary key={index} what="This output">
          {'drawing' in part ? (
            <MapOutput drawing={part.drawing} label={label} hurry={hurry} />
          ) : 'plain' in part ? (
            <PlainOutput output={part.plain} />
          ) : (
            <Suspense fallback={<p className="cell-outputs-note">Loading the output …</p>}>
              <OutputFrame
                outputs={part.framed}
                label={label}
                hurry={hurry}
                {...(widgets !== undefined && { widgets })}
              />
            </Suspense>
          )}
        </FaultBoundary>
      ))}
    </section>
  )
}

/** Outputs for a frame that follow each other share one. */
function partsOf(outputs: readonly Output[]): readonly Part[] {
  const parts: Part[] = []
  let framed: ShownOutput[] | undefined
  for (const output of outputs) {
    const drawing = drawingIn(output)
    if (drawing !== undefined) {
      framed = undefined
      parts.push({ drawing })
    }
    if (drawing?.shape !== undefined) continue
    if (isForFrame(output)) {
      if (framed === undefined) {
        framed = []
        parts.push({ framed })
      }
      framed.push(output)
    } else {
      framed = undefined
      parts.push({ plain: output })
    }
  }
  return parts
}

/** Undefined of what is better shown as something else. Where nothing of it can be drawn its text is shown as well. */
function drawingIn(output: Output): Drawing | undefined {
  if (!('data' in output) || shownTypes(output.data)[0] !== 'application/geo+json') return undefined
  return drawingOf(output.data['application/geo+json'])
}

function isForFrame(output: Output): output is ShownOutput {
  return 'data' in output && isFramed(shownTypes(output.data)[0])
}
