import { lazy, Suspense, useMemo } from 'react'
import { type Shape, shapeOfData } from '../map/shape.ts'
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
  | { readonly shape: Shape }
  | { readonly framed: readonly ShownOutput[] }

/**
 * What a cell has printed and shown. Outputs are written by strangers: text and pictures are shown as what they are,
 * GeoJSON on our own map, and everything else in a frame of its own that has no origin, no cookies, no network and runs no script of theirs.
 */
export function CellOutputs({ outputs, label, widgets, hurry = false }: CellOutputsProps) {
  const parts = useMemo(() => partsOf(outputs), [outputs])
  return (
    <section className="cell-outputs" aria-label={label}>
      {parts.map((part, index) =>
        'shape' in part ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: as below.
          <MapOutput key={index} shape={part.shape} label={label} hurry={hurry} />
        ) : 'plain' in part ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: outputs have no other name than their place.
          <PlainOutput key={index} output={part.plain} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above.
          <Suspense key={index} fallback={<p className="cell-outputs-note">Loading the output …</p>}>
            <OutputFrame
              outputs={part.framed}
              label={label}
              hurry={hurry}
              {...(widgets !== undefined && { widgets })}
            />
          </Suspense>
        ),
      )}
    </section>
  )
}

/** Outputs for a frame that follow each other share one. */
function partsOf(outputs: readonly Output[]): readonly Part[] {
  const parts: Part[] = []
  let framed: ShownOutput[] | undefined
  for (const output of outputs) {
    const shape = shapeIn(output)
    if (shape !== undefined) {
      framed = undefined
      parts.push({ shape })
    } else if (isForFrame(output)) {
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

/** Undefined of what is better shown as something else, and of what claims to be GeoJSON and is not. */
function shapeIn(output: Output): Shape | undefined {
  if (!('data' in output) || shownTypes(output.data)[0] !== 'application/geo+json') return undefined
  return shapeOfData(output.data['application/geo+json'])
}

function isForFrame(output: Output): output is ShownOutput {
  return 'data' in output && isFramed(shownTypes(output.data)[0])
}
