import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { fromArrayBuffer, fromCustomClient } from 'geotiff'
import { RunnerError } from '../errors.ts'
import { previewCog } from './cog-preview.ts'
import type { FetchPolicy } from './fetch-policy.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { Preview } from './preview.ts'
import { RangeClient } from './range-client.ts'
import { previewStac } from './stac-preview.ts'

/** Handed to the thread. */
export interface PreviewJob {
  readonly url: string
  readonly hosts: readonly string[]
  readonly file: string | undefined
}

export type PreviewAnswer =
  | { readonly kind: 'seen'; readonly preview: Preview }
  | { readonly kind: 'none'; readonly reason: string }

/** Of a STAC item, and of what tells whether it is an image. */
const MAX_JSON_BYTES = 1024 * 1024
const HEAD_BYTES = 16 * 1024
const TIMEOUT_MS = 10_000
const MIXED = 'It is no GeoTIFF and no STAC item.'

async function look({ url, hosts, file }: PreviewJob): Promise<Preview> {
  if (file !== undefined) {
    const bytes = await readFile(file)
    const copy = new Uint8Array(bytes)
    return previewCog(await fromArrayBuffer(copy.buffer), copy.byteLength)
  }
  if (hosts.length === 0)
    throw new RunnerError(
      'no-preview',
      'This service looks at no images elsewhere: PREVIEW_HOSTS lists no host.',
    )
  const policy: FetchPolicy = { allowedHosts: hosts }
  const head = await guardedFetch(url, policy, {
    maxBytes: MAX_JSON_BYTES,
    timeoutMs: TIMEOUT_MS,
    range: { from: 0, to: HEAD_BYTES - 1 },
  })
  if (head.status === 'unchanged') throw new RunnerError('no-preview', MIXED)
  if (isTiff(head.body)) {
    const client = new RangeClient(url, policy)
    return previewCog(await fromCustomClient(client), head.total ?? head.body.byteLength)
  }
  if (!/^\s*\{/.test(Buffer.from(head.body.buffer, 0, Math.min(64, head.body.length)).toString('latin1')))
    throw new RunnerError('no-preview', MIXED)
  const whole =
    head.total === undefined || head.total <= head.body.length
      ? head
      : await guardedFetch(url, policy, { maxBytes: MAX_JSON_BYTES, timeoutMs: TIMEOUT_MS })
  if (whole.status === 'unchanged') throw new RunnerError('no-preview', MIXED)
  return previewStac(Buffer.from(whole.body).toString('utf8'), whole.url, policy)
}

/** TIFF and BigTIFF, in either order of bytes. */
function isTiff([a, b, c, d]: Uint8Array): boolean {
  return (
    (a === 0x49 && b === 0x49 && (c === 42 || c === 43)) ||
    (a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43))
  )
}

const answer: PreviewAnswer = await look(workerData).then(
  (preview): PreviewAnswer => ({ kind: 'seen', preview }),
  // What geotiff says of broken files is for programmers.
  (error: unknown): PreviewAnswer => ({
    kind: 'none',
    reason:
      error instanceof RunnerError
        ? error.message
        : 'The file is broken, or of a kind that is not understood.',
  }),
)
parentPort?.postMessage(answer)
