import { lazy, Suspense } from 'react'
import type { Drawing } from '../map/drawing.ts'
import { useNear } from './use-near.ts'

const ViewMap = lazy(() => import('../map/view-map.tsx'))

interface MapOutputProps {
  readonly drawing: Drawing
  readonly label: string
  /** While true no new map is made. */
  readonly hurry: boolean
}

/**
 * GeoJSON is data and nothing else: the map on which it is shown is the service's own. A browser draws few maps at once, so
 * that each is there only while it is seen.
 */
export function MapOutput({ drawing: { shape, notes }, label, hurry }: MapOutputProps) {
  const [place, near] = useNear<HTMLDivElement>(hurry)
  return (
    <div>
      {shape !== undefined && (
        <div ref={place} className="cell-outputs-map">
          {near && (
            <Suspense>
              <ViewMap shape={shape} label={`${label}, on a map`} />
            </Suspense>
          )}
        </div>
      )}
      {notes.map((note) => (
        <p key={note} className="cell-outputs-note">
          {note}
        </p>
      ))}
    </div>
  )
}
