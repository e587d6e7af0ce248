/** What can be seen of an image or a STAC item without reading all of it. */
export interface Preview {
  readonly kind: 'cog' | 'stac-item'
  readonly title?: string
  /** Where it lies: west, south, east, north in degrees. Absent where it does not say so in a way that is understood. */
  readonly bbox?: readonly [number, number, number, number]
  /** ISO 8601, to the day or to the second. */
  readonly date?: string
  /** Of the file, in bytes. */
  readonly bytes?: number
  /** Pixels. */
  readonly width?: number
  readonly height?: number
  readonly bands?: number
  /** Such as `EPSG:32630`. */
  readonly crs?: string
  /** Files of a STAC item. */
  readonly assets?: number
  /** A small PNG or JPEG, as a data URL. */
  readonly picture?: string
}
