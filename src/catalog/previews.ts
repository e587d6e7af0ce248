import { Worker } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import type { Preview } from './preview.ts'
import type { PreviewAnswer, PreviewJob } from './preview-worker.ts'
import { Turns } from './turns.ts'

interface PreviewOptions {
  /** Where may be looked: as `FetchPolicy.allowedHosts`. */
  readonly hosts: readonly string[]
  /** A file of our own by its address; undefined where the address is another one. */
  readonly ownFile: (url: string) => string | undefined
}

/** Reading and decoding of what a stranger's server sends: so long, and in so much memory, at most. */
const TIMEOUT_MS = 12_000
const MEMORY_MB = 256
const AT_ONCE = 2
const KEPT = { max: 200, ttl: 5 * 60_000 }

/**
 * Looks at images and STAC items for forms. Each is looked at in a thread of its own, which is given up with it; what was
 * seen is kept for some minutes.
 */
export class Previews {
  readonly #options: PreviewOptions
  readonly #turns = new Turns(AT_ONCE)
  readonly #kept = new LRUCache<string, PreviewAnswer>(KEPT)

  constructor(options: PreviewOptions) {
    this.#options = options
  }

  /** Throws `no-preview` with the reason in a sentence. */
  async of(url: string): Promise<Preview> {
    const answer = this.#kept.get(url) ?? (await this.#turns.take(() => this.#look(url)))
    this.#kept.set(url, answer)
    if (answer.kind === 'seen') return answer.preview
    throw new RunnerError('no-preview', answer.reason)
  }

  async #look(url: string): Promise<PreviewAnswer> {
    const { hosts, ownFile } = this.#options
    const worker = new Worker(new URL('./preview-worker.ts', import.meta.url), {
      workerData: { url, hosts, file: ownFile(url) } satisfies PreviewJob,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      stdout: true,
      stderr: true,
    })
    const { promise, resolve } = Promise.withResolvers<PreviewAnswer>()
    const give = (reason: string) => resolve({ kind: 'none', reason })
    const late = setTimeout(
      () => give(`It takes longer than ${TIMEOUT_MS / 1000} seconds to look at it.`),
      TIMEOUT_MS,
    )
    worker.once('message', resolve)
    worker.once('error', () => give('It is no image and no STAC item that can be looked at.'))
    worker.once('exit', () => give('It is no image and no STAC item that can be looked at.'))
    try {
      return await promise
    } finally {
      clearTimeout(late)
      await worker.terminate()
    }
  }
}
