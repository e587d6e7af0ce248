import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'

export const LOCAL_CALLER: Caller = {
  issuer: 'urn:notebook-runner:local',
  subject: 'local',
  user: 'local',
  workspaces: ['local'],
}

const LIFETIME_SECONDS = 30 * 24 * 3600

/**
 * The one local user: the token of the printed link (or as a bearer token), and the cookie it is traded for.
 * The cookie is `expiry.hmac`, sealed with a key of the data folder, so it outlives a restart although the token doesn't.
 */
export class LocalSession {
  readonly token: string
  readonly #key: Uint8Array

  /** @param key at least 32 random bytes, kept in the data folder */
  constructor(token: string, key: Uint8Array) {
    this.token = token
    this.#key = key
  }

  isToken(candidate: string): boolean {
    return sameText(candidate, this.token, this.#key)
  }

  /** Value and lifetime of a new cookie. */
  issue(nowSeconds: number): { value: string; maxAge: number } {
    const expiry = String(Math.floor(nowSeconds) + LIFETIME_SECONDS)
    return { value: `${expiry}.${this.#seal(expiry)}`, maxAge: LIFETIME_SECONDS }
  }

  isCookie(value: string, nowSeconds: number): boolean {
    const [expiry = '', seal = ''] = value.split('.', 2)
    return (
      /^\d{1,12}$/.test(expiry) &&
      Number(expiry) > nowSeconds &&
      sameText(seal, this.#seal(expiry), this.#key)
    )
  }

  #seal(expiry: string): string {
    return createHmac('sha256', this.#key).update(`session ${expiry}`).digest('base64url')
  }
}

/** Compares digests, so that neither length nor content shows in the time it takes. */
function sameText(a: string, b: string, key: Uint8Array): boolean {
  const digest = (text: string) => createHmac('sha256', key).update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

const KEY_BYTES = 32

/**
 * The key that seals cookies: in the data folder, made at the first start, whole or not at all, readable by its owner
 * alone. Throws `invalid-settings` where it is not what we made: with an empty one anybody could seal a cookie.
 */
export async function sessionKey(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, 'session.key')
  await mkdir(dataDir, { recursive: true })
  const made = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(made, randomBytes(KEY_BYTES), { flag: 'wx', mode: 0o600, flush: true })
    // Unlike a renaming, this leaves the key alone that another process has just made.
    await link(made, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(made, { force: true })
  }
  const key = await readFile(path)
  if (key.byteLength === KEY_BYTES) return key
  throw new RunnerError(
    'invalid-settings',
    'The file session.key in DATA_DIR is damaged: remove it, and open the new link.',
  )
}
