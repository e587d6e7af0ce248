import { lazy, Suspense, useEffect, useState } from 'react'
import type { Shape } from '../map/shape.ts'

const ViewMap = lazy(() => import('../map/view-map.tsx'))

interface MapOutputProps {
  readonly shape: Shape
  readonly label: string
  /** While true no new map is made. */
  readonly hurry: boolean
}

/** GeoJSON is data and nothing else: the map on which it is shown is the service's own. */
export function MapOutput({ shape, label, hurry }: MapOutputProps) {
  const [wanted, setWanted] = useState(!hurry)
  useEffect(() => {
    if (!hurry) setWanted(true)
  }, [hurry])
  const room = <div className="cell-outputs-map" />
  if (!wanted) return room
  return (
    <Suspense fallback={room}>
      <ViewMap shape={shape} label={`${label}, on a map`} />
    </Suspense>
  )
}
