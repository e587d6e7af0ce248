/** Of a widget: its state is kept apart, under the id that this has. */
export const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json'

/** What is shown in the sandboxed frame alone, the best first (the order is JupyterLab's). */
const FRAMED_TYPES = [
  WIDGET_VIEW,
  'text/html',
  'text/markdown',
  'text/latex',
  'application/geo+json',
  'application/json',
] as const
export type FramedType = (typeof FRAMED_TYPES)[number]

/** Pictures, which can do nothing: an SVG as well, where it is one. */
const PICTURE_TYPES = ['image/svg+xml', 'image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const
export type PictureType = (typeof PICTURE_TYPES)[number]

/** A table or a page says more than a picture of it, a picture more than data, and data more than text. */
const ORDER = [
  WIDGET_VIEW,
  'text/html',
  'text/markdown',
  'text/latex',
  ...PICTURE_TYPES,
  'application/geo+json',
  'application/json',
  'text/plain',
] as const
export type ShownType = (typeof ORDER)[number]

/** The types in which a bundle can be shown here, the best first. */
export function shownTypes(data: Readonly<Record<string, unknown>>): readonly ShownType[] {
  return ORDER.filter((type) => Object.hasOwn(data, type))
}

export const isFramed = (type: ShownType | undefined): type is FramedType =>
  FRAMED_TYPES.some((framed) => framed === type)

export const isPicture = (type: ShownType | undefined): type is PictureType =>
  PICTURE_TYPES.some((picture) => picture === type)
