import * as v from 'valibot'

// Between a page and the frame that shows outputs. Both parse what comes, and each message carries the nonce that the
// page gave to this one frame by its address: others that post messages don't know it.

const shownSchema = v.object({
  data: v.record(v.string(), v.unknown()),
  metadata: v.record(v.string(), v.unknown()),
})

/** What the page wants to be shown, in place of what is shown. */
export const toFrameSchema = v.object({
  nonce: v.string(),
  scheme: v.picklist(['light', 'dark']),
  outputs: v.array(shownSchema),
  /** State of all widgets of the run (`application/vnd.jupyter.widget-state+json`), where an output is one. */
  widgets: v.optional(v.unknown()),
})
export type ToFrame = v.InferOutput<typeof toFrameSchema>

/** What the frame tells. */
export const fromFrameSchema = v.variant('type', [
  v.object({ type: v.literal('ready'), nonce: v.string() }),
  /** Height of what is shown, in CSS pixels. */
  v.object({ type: v.literal('size'), nonce: v.string(), height: v.number() }),
  /** Something of what is to be shown is not: scripts, frames, or what would come from these hosts. */
  v.object({
    type: v.literal('held-back'),
    nonce: v.string(),
    active: v.boolean(),
    hosts: v.array(v.string()),
  }),
  /** A link was clicked. */
  v.object({ type: v.literal('link'), nonce: v.string(), href: v.string() }),
])
export type FromFrame = v.InferOutput<typeof fromFrameSchema>
