import { Button, Loader } from '@mantine/core'
import type { Position } from 'geojson'
import { lazy, Suspense, useState } from 'react'
import { FaultBoundary } from '../components/fault-boundary.tsx'
import type { Box, Shape } from '../map/shape.ts'

const AreaMap = lazy(() => import('../map/area-map.tsx'))

interface MapToggleProps {
  readonly label: string
  readonly draws: 'box' | 'polygon'
  readonly shape: Shape | undefined
  readonly footprints: readonly Box[]
  readonly onText: (text: string) => void
}

/** The map is large, and loaded by who wants it. */
export function MapToggle({ label, draws, shape, footprints, onText }: MapToggleProps) {
  const [open, setOpen] = useState(false)
  return (
    <div>
      <Button size="xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)} mb="xs">
        {open ? 'Close the map' : 'On a map'}
      </Button>
      {open && (
        <FaultBoundary what="The map">
          <Suspense fallback={<Loader aria-label="Loading the map" />}>
            <AreaMap
              label={`${label}, on a map`}
              draws={draws}
              shape={shape}
              footprints={footprints}
              onBox={(box) => onText(box.join(','))}
              onPolygon={(ring) => onText(polygonText(ring))}
            />
          </Suspense>
        </FaultBoundary>
      )}
    </div>
  )
}

/** To a tenth of a metre: more digits make the link long. */
function polygonText(ring: readonly Position[]): string {
  const rounded = ring.map((point) => point.map((degrees) => Number(degrees.toFixed(6))))
  return JSON.stringify({ type: 'Polygon', coordinates: [rounded] })
}
