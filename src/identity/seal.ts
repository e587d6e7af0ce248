import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16
const ID_BYTES = 4

/**
 * Seals what is kept in the database for a browser (AES-256-GCM). The key is made of a secret of the service and of the
 * one that the browser holds: neither the database, nor the service's secret, nor both of them open it. Sealed by the
 * first secret, opened by any: to change the secret, the new one is put in front, and the old one is taken away once
 * nothing is left that it sealed.
 */
export class Seal {
  readonly #secrets: readonly { readonly id: Buffer; readonly secret: string }[]

  constructor(secrets: readonly [string, ...string[]]) {
    this.#secrets = secrets.map((secret) => ({ id: idOf(secret), secret }))
  }

  /** @param held what the browser holds */
  close(held: string, text: string): Buffer {
    const [first] = this.#secrets
    if (first === undefined) throw new Error('There is no secret to seal with')
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', keyOf(first.secret, held), iv)
    const sealed = [cipher.update(text, 'utf8'), cipher.final()]
    return Buffer.concat([first.id, iv, cipher.getAuthTag(), ...sealed])
  }

  /** Undefined where no secret of ours, or another browser's, closed it. */
  open(held: string, sealed: Uint8Array): string | undefined {
    const bytes = Buffer.from(sealed)
    const id = bytes.subarray(0, ID_BYTES)
    const iv = bytes.subarray(ID_BYTES, ID_BYTES + IV_BYTES)
    const tag = bytes.subarray(ID_BYTES + IV_BYTES, ID_BYTES + IV_BYTES + TAG_BYTES)
    const text = bytes.subarray(ID_BYTES + IV_BYTES + TAG_BYTES)
    for (const { secret } of this.#secrets.filter((one) => one.id.equals(id))) {
      const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, held), iv)
      try {
        decipher.setAuthTag(tag)
        return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
      } catch {
        // Changed, or closed for another browser.
      }
    }
    return undefined
  }
}

const keyOf = (secret: string, held: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, held, 'notebook-runner session', 32))

/** Tells secrets apart without giving them away. */
const idOf = (secret: string): Buffer =>
  createHash('sha256').update(`notebook-runner secret ${secret}`).digest().subarray(0, ID_BYTES)

/** What a browser is given to hold: 256 random bits. */
export const newHeld = (): string => randomBytes(32).toString('base64url')

export const isHeld = (text: string): boolean => /^[\w-]{43}$/.test(text)

/** By which a row is found: whoever reads the table does not learn what the browser holds. */
export const rowId = (held: string): Buffer => createHash('sha256').update(held).digest()

/** Names a sign-in by its `state`, without giving that away. */
export const signInId = (state: string): string => rowId(state).toString('hex', 0, 8)
