import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { RunnerError } from '../errors.ts'
import type { FetchPolicy } from './fetch-policy.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { Preview } from './preview.ts'

const MAX_PICTURE_BYTES = 512 * 1024
const TIMEOUT_MS = 8_000

/** As much of an item as is shown (https://github.com/radiantearth/stac-spec, item-spec 1.0 and 1.1). */
const Item = Type.Object({
  type: Type.Literal('Feature'),
  stac_version: Type.String(),
  id: Type.String(),
  bbox: Type.Optional(Type.Array(Type.Number())),
  properties: Type.Object({
    title: Type.Optional(Type.String()),
    datetime: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    start_datetime: Type.Optional(Type.String()),
  }),
  assets: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({ href: Type.String(), roles: Type.Optional(Type.Array(Type.String())) }),
    ),
  ),
})

/**
 * What a STAC item says, with its thumbnail where that can be had.
 * @param url where it was fetched: links in it are relative to that
 * @throws RunnerError `no-preview` where the text is none
 */
export async function previewStac(text: string, url: string, policy: FetchPolicy): Promise<Preview> {
  const item: unknown = JSON.parse(text)
  if (!Value.Check(Item, item)) throw new RunnerError('no-preview', 'It is JSON, but no STAC item.')
  const { id, bbox = [], properties, assets = {} } = item
  const [west, south, third, fourth, fifth] = bbox
  const [east, north] = bbox.length === 6 ? [fourth, fifth] : [third, fourth]
  const place =
    west === undefined || south === undefined || east === undefined || north === undefined
      ? {}
      : { bbox: [west, south, east, north] as const }
  const date = properties.datetime ?? properties.start_datetime
  const thumbnail = Object.entries(assets).find(
    ([name, { roles = [] }]) => name === 'thumbnail' || roles.includes('thumbnail'),
  )?.[1].href
  const picture = thumbnail === undefined ? undefined : await pictureAt(URL.parse(thumbnail, url), policy)
  return {
    kind: 'stac-item',
    title: properties.title ?? id,
    assets: Object.keys(assets).length,
    ...place,
    ...(date !== undefined && { date }),
    ...(picture !== undefined && { picture }),
  }
}

/** Undefined where it can't be had: a preview without its picture is one all the same. */
async function pictureAt(url: URL | null, policy: FetchPolicy): Promise<string | undefined> {
  if (url === null) return undefined
  const limits = { maxBytes: MAX_PICTURE_BYTES, timeoutMs: TIMEOUT_MS }
  const fetched = await guardedFetch(url.href, policy, limits).catch(() => undefined)
  if (fetched?.status !== 'fresh') return undefined
  const { body } = fetched
  const type =
    body[0] === 0x89 && body[1] === 0x50 ? 'png' : body[0] === 0xff && body[1] === 0xd8 ? 'jpeg' : undefined
  return type && `data:image/${type};base64,${Buffer.from(body).toString('base64')}`
}
