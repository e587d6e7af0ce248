import * as v from 'valibot'
import { ask } from './client.ts'

const previewSchema = v.object({
  kind: v.picklist(['cog', 'stac-item']),
  title: v.optional(v.string()),
  bbox: v.optional(v.tuple([v.number(), v.number(), v.number(), v.number()])),
  date: v.optional(v.string()),
  bytes: v.optional(v.number()),
  width: v.optional(v.number()),
  height: v.optional(v.number()),
  bands: v.optional(v.number()),
  crs: v.optional(v.string()),
  assets: v.optional(v.number()),
  picture: v.optional(v.string()),
})
export type Preview = v.InferOutput<typeof previewSchema>

/** What can be seen of an image or a STAC item (src/catalog/preview.ts). */
export const previewQuery = (url: string) => ({
  queryKey: ['preview', url],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask(previewSchema, `/preview?url=${encodeURIComponent(url)}`, signal),
  enabled: /^https?:\/\/[^/]+\/./.test(url),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
})
