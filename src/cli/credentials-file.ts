import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RunnerError } from '../errors.ts'
import type { KeptTokens } from '../identity/device-client.ts'
import { lock } from '../process/file-lock.ts'

const WAIT_MS = 30_000

/** By the address of the service. */
type Credentials = Readonly<Record<string, KeptTokens>>

/** The tokens of `notebook-runner login`, in a file that its owner alone can read. */
export class CredentialsFile {
  readonly #folder: string
  readonly path: string

  /** @param folder made when something is kept */
  constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'credentials.json')
  }

  async read(url: string): Promise<KeptTokens | undefined> {
    return (await this.#all())[url]
  }

  /**
   * Changes what is kept for the service, with nobody else in between: a refresh token is good for once, so commands that
   * run at the same moment renew it one after the other.
   * @param change of what is kept to what is to be kept; undefined: nothing
   */
  async update(
    url: string,
    change: (kept: KeptTokens | undefined) => Promise<KeptTokens | undefined>,
  ): Promise<KeptTokens | undefined> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    using _held = await lock(
      join(this.#folder, 'credentials.lock'),
      'exclusive',
      AbortSignal.timeout(WAIT_MS),
    )
    const all = await this.#all()
    const tokens = await change(all[url])
    const others = Object.entries(all).filter(([name]) => name !== url)
    await this.#write(Object.fromEntries(tokens === undefined ? others : [...others, [url, tokens]]))
    return tokens
  }

  async #all(): Promise<Credentials> {
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{}'
      throw error
    })
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new RunnerError('usage', `${this.path} is damaged: remove it, and log in again.`, { cause })
    }
  }

  async #write(all: Credentials): Promise<void> {
    const draft = `${this.path}.${randomBytes(6).toString('hex')}`
    await writeFile(draft, `${JSON.stringify(all, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
    await chmod(draft, 0o600)
    await rename(draft, this.path)
  }
}
