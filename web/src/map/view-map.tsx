import 'maplibre-gl/dist/maplibre-gl.css'
import { useEffect, useRef, useState } from 'react'
import './area-map.css'
import { newMap, show, showAll } from './base-map.ts'
import type { Shape } from './shape.ts'

/** A map that shows something. */
export default function ViewMap({ shape, label }: { readonly shape: Shape; readonly label: string }) {
  const element = useRef<HTMLDivElement>(null)
  const [ready, setReady] = useState(false)
  useEffect(() => {
    if (element.current === null) return
    const map = newMap(element.current, label)
    // The wheel goes on through the page.
    map.scrollZoom.disable()
    map.on('load', () => {
      show(map, 'given', shape.data)
      showAll(map, shape.bounds)
      setReady(true)
    })
    return () => map.remove()
  }, [shape, label])
  return <div ref={element} className="area-map" data-ready={ready} />
}
