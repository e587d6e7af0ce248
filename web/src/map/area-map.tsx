import 'maplibre-gl/dist/maplibre-gl.css'
import { Button, Group, Text } from '@mantine/core'
import type { Position } from 'geojson'
import type { MapLibreMap } from 'maplibre-gl'
import { useEffect, useRef, useState } from 'react'
import { TerraDraw, TerraDrawPolygonMode, TerraDrawRectangleMode } from 'terra-draw'
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter'
import './area-map.css'
import { newMap, show, showAll } from './base-map.ts'
import { type Box, boundsOf, boxFeature, normalBox, type Shape } from './shape.ts'

interface AreaMapProps {
  readonly label: string
  readonly draws: 'box' | 'polygon'
  /** What is given now. */
  readonly shape: Shape | undefined
  /** Outlines to go by, such as where an image lies. */
  readonly footprints: readonly Box[]
  readonly onBox: (box: Box) => void
  readonly onPolygon: (ring: readonly Position[]) => void
}

/**
 * A map on which an area is drawn. What is given comes from outside and is shown; what is drawn is told and then comes
 * back that way, so that map and text are in step. The base map comes with the service.
 */
export default function AreaMap(props: AreaMapProps) {
  const { draws, shape, footprints } = props
  const element = useRef<HTMLDivElement>(null)
  const tools = useRef<{ readonly map: MapLibreMap; readonly draw: TerraDraw } | undefined>(undefined)
  const told = useRef(props)
  told.current = props
  const [drawing, setDrawing] = useState(false)
  const [ready, setReady] = useState(false)

  useEffect(() => {
    if (element.current === null) return
    const map = newMap(element.current, told.current.label)
    map.on('load', () => {
      const draw = new TerraDraw({
        adapter: new TerraDrawMapLibreGLAdapter({ map }),
        modes: [new TerraDrawRectangleMode(), new TerraDrawPolygonMode()],
      })
      draw.start()
      draw.on('finish', (id) => {
        const found = draw.getSnapshotFeature(id)
        draw.clear()
        draw.setMode('static')
        setDrawing(false)
        if (found?.geometry.type !== 'Polygon') return
        const ring = (found.geometry.coordinates[0] ?? []).flatMap(([x, y]) =>
          x === undefined || y === undefined ? [] : [[x, y]],
        )
        if (told.current.draws === 'polygon') told.current.onPolygon(ring)
        else told.current.onBox(normalBox(boundsOf(ring), map.getZoom()))
      })
      tools.current = { map, draw }
      setReady(true)
    })
    return () => {
      tools.current?.draw.stop()
      tools.current = undefined
      map.remove()
    }
  }, [])

  const given = JSON.stringify([shape, footprints])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is given is compared by its content
  useEffect(() => {
    const map = tools.current?.map
    if (map === undefined || !ready) return
    const { shape: current, footprints: outlines } = told.current
    show(map, 'given', current?.data ?? { type: 'FeatureCollection', features: [] })
    show(map, 'footprints', { type: 'FeatureCollection', features: outlines.map(boxFeature) })
    const bounds = current?.bounds ?? outlines[0]
    if (bounds !== undefined) showAll(map, bounds)
  }, [given, ready])

  function toggle() {
    if (tools.current === undefined) return
    tools.current.draw.setMode(drawing ? 'static' : draws === 'box' ? 'rectangle' : 'polygon')
    setDrawing(!drawing)
  }

  return (
    <div>
      {/* What it shows and does can be typed as well: the fields beside it are for who can't see it. */}
      <div ref={element} className="area-map" data-ready={ready} />
      <Group gap="xs" mt="xs">
        <Button size="xs" variant={drawing ? 'filled' : 'default'} onClick={toggle} disabled={!ready}>
          {drawing ? 'Stop drawing' : draws === 'box' ? 'Draw a box' : 'Draw an area'}
        </Button>
        <Text size="xs" c="dimmed" role="status">
          {drawing &&
            (draws === 'box'
              ? 'Click one corner, then the opposite one.'
              : 'Click the corners one by one, then the first again.')}
        </Text>
      </Group>
    </div>
  )
}
