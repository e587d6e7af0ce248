import { BaseClient, BaseResponse } from 'geotiff'
import { type FetchPolicy, unavailable } from './fetch-policy.ts'
import { guardedFetch } from './guarded-fetch.ts'

/** Of all parts of one file that are read for its preview. */
const MAX_BYTES = 8 * 1024 * 1024
const TIMEOUT_MS = 10_000

/** Parts of a file for geotiff, each fetched under the policy. */
export class RangeClient extends BaseClient {
  readonly #policy: FetchPolicy
  #left = MAX_BYTES

  constructor(url: string, policy: FetchPolicy) {
    super(url)
    this.#policy = policy
  }

  override async request({ headers, signal }: RequestInit = {}): Promise<BaseResponse> {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(headers).get('range') ?? '') ?? []
    const range = { from: Number(from), to: Number(to) }
    const host = new URL(this.url).host
    this.#left -= range.to - range.from + 1
    // Not a number, where no part was asked for.
    if (!(this.#left >= 0))
      throw unavailable(host, `a preview needs more than ${MAX_BYTES / 2 ** 20} MiB of the file`)
    const fetched = await guardedFetch(this.url, this.#policy, {
      maxBytes: range.to - range.from + 1,
      timeoutMs: TIMEOUT_MS,
      range,
      ...(signal && { signal }),
    })
    if (fetched.status === 'unchanged' || fetched.total === undefined)
      throw unavailable(host, 'it does not send parts of files')
    return new Part(fetched.body, range.from, fetched.total)
  }
}

class Part extends BaseResponse {
  readonly #body: Uint8Array<ArrayBuffer>
  readonly #range: string

  constructor(body: Uint8Array<ArrayBuffer>, from: number, total: number) {
    super()
    this.#body = body
    this.#range = `bytes ${from}-${from + body.byteLength - 1}/${total}`
  }

  override get status(): number {
    return 206
  }

  override getHeader(name: string): string | undefined {
    return name.toLowerCase() === 'content-range' ? this.#range : undefined
  }

  override async getData(): Promise<ArrayBuffer> {
    return this.#body.buffer
  }
}
