import type { Feature, GeoJSON, LineString } from 'geojson'
import {
  GeoJSONSource,
  MapLibreMap,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { feature } from 'topojson-client'
import type { Topology } from 'topojson-specification'
import * as v from 'valibot'
import landUrl from 'world-atlas/countries-50m.json?url'
import type { Box } from './shape.ts'

setWorkerUrl(workerUrl)

const NOTHING: GeoJSON = { type: 'FeatureCollection', features: [] }

/** A map of the world in the element, with the means to move on it. Remove it when the element goes. */
export function newMap(container: HTMLElement, label: string): MapLibreMap {
  const map = new MapLibreMap({
    container,
    style: baseStyle(),
    center: [0, 30],
    zoom: 0.8,
    attributionControl: false,
    locale: { 'Map.Title': label },
    dragRotate: false,
    pitchWithRotate: false,
  })
  map.addControl(new NavigationControl({ showCompass: false }))
  map.addControl(new ScaleControl())
  map.on('load', () => void loadLand(map))
  return map
}

/** Colours come of the page, light or dark, at the moment when the map is made. */
function baseStyle(): StyleSpecification {
  const dark = document.documentElement.dataset['mantineColorScheme'] === 'dark'
  const [sea, land, border, line] = dark
    ? ['#1f2a33', '#37424a', '#5b6770', '#2b3841']
    : ['#dbe9f1', '#f6f4ee', '#b9b4a7', '#c9dae4']
  return {
    version: 8,
    sources: {
      land: { type: 'geojson', data: NOTHING },
      graticule: { type: 'geojson', data: { type: 'FeatureCollection', features: graticule() } },
      footprints: { type: 'geojson', data: NOTHING },
      given: { type: 'geojson', data: NOTHING },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': sea ?? '' } },
      { id: 'graticule', type: 'line', source: 'graticule', paint: { 'line-color': line ?? '' } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': land ?? '' } },
      { id: 'borders', type: 'line', source: 'land', paint: { 'line-color': border ?? '' } },
      {
        id: 'footprints',
        type: 'line',
        source: 'footprints',
        paint: { 'line-color': '#d9480f', 'line-width': 2, 'line-dasharray': [2, 2] },
      },
      {
        id: 'given-fill',
        type: 'fill',
        source: 'given',
        filter: ['in', ['geometry-type'], ['literal', ['Polygon', 'MultiPolygon']]],
        paint: { 'fill-color': '#12b886', 'fill-opacity': 0.25 },
      },
      { id: 'given', type: 'line', source: 'given', paint: { 'line-color': '#099268', 'line-width': 2 } },
      {
        id: 'given-points',
        type: 'circle',
        source: 'given',
        filter: ['in', ['geometry-type'], ['literal', ['Point', 'MultiPoint']]],
        paint: { 'circle-color': '#12b886', 'circle-stroke-color': '#099268', 'circle-stroke-width': 2 },
      },
    ],
  }
}

/** Every ten degrees. */
function graticule(): Feature<LineString>[] {
  const steps = (from: number, to: number) =>
    Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + i * 10)
  const lines = [
    ...steps(-180, 180).map((x) => [
      [x, -85],
      [x, 85],
    ]),
    ...steps(-80, 80).map((y) => [
      [-180, y],
      [180, y],
    ]),
  ]
  return lines.map((coordinates) => ({
    type: 'Feature',
    properties: {},
    geometry: { type: 'LineString', coordinates },
  }))
}

/** The map ends here: nearer to the poles its projection has no place for anything. */
const LAST_LATITUDE = 85

/** That it is seen, with some room around it. */
export function showAll(map: MapLibreMap, [west, south, east, north]: Box): void {
  const within = (latitude: number) => Math.min(LAST_LATITUDE, Math.max(-LAST_LATITUDE, latitude))
  map.fitBounds([west, within(south), east, within(north)], { padding: 60, maxZoom: 14, animate: false })
}

/** In one of the sources of the style. */
export function show(map: MapLibreMap, source: string, data: GeoJSON): void {
  const found = map.getSource(source)
  if (found instanceof GeoJSONSource) found.setData(data)
}

const isTopology = v.custom<Topology>(
  (value) => typeof value === 'object' && value !== null && 'type' in value && value.type === 'Topology',
)

/** Countries of Natural Earth (1 : 50 million), which come with the service: no other host is asked for a map. */
async function loadLand(map: MapLibreMap): Promise<void> {
  const topology = v.parse(isTopology, await (await fetch(landUrl)).json())
  const { countries } = topology.objects
  if (countries !== undefined) show(map, 'land', feature(topology, countries))
}
