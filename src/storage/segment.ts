import { createHash } from 'node:crypto'
import { RunnerError } from '../errors.ts'

const WORKSPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const NOTEBOOK_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const OUTPUT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const MAX_USER_SEGMENT = 128

/**
 * The name itself. Throws `invalid-request`. Identity drops such names too; storage asks again, because here a wrong
 * name would leave the workspace.
 */
export function workspaceSegment(workspace: string): string {
  if (!WORKSPACE.test(workspace)) {
    throw new RunnerError(
      'invalid-request',
      'The workspace name is not valid: it has 1 to 63 lower-case letters, digits and hyphens, and neither starts nor ends with a hyphen.',
    )
  }
  return workspace
}

/** `{notebookId}-{outputId}.ipynb`. Throws `invalid-request` where the id is no plain name or `outputId` no UUID. */
export function notebookFileName(notebookId: string, outputId: string): string {
  if (!NOTEBOOK_ID.test(notebookId)) {
    throw new RunnerError(
      'invalid-request',
      'The notebook id is not valid: it has 1 to 128 letters, digits, dots, underscores and hyphens, and starts with a letter or digit.',
    )
  }
  if (!OUTPUT_ID.test(outputId)) {
    throw new RunnerError('invalid-request', 'The output id is not valid: it is a UUID in lower case.')
  }
  return `${notebookId}-${outputId}.ipynb`
}

/** The code of `userSegment`, of a name of any length. Names of files are written so too. */
export function encodedSegment(name: string): string {
  return Buffer.from(name, 'utf8')
    .toString('latin1')
    .replace(
      /^\.|[^A-Za-z0-9._@-]/g,
      (byte) => `!${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
}

/**
 * `preferred_username` as exactly one path segment: `[A-Za-z0-9._@-]` stay, every other byte of its UTF-8 and a
 * leading dot become `!XX`. Two users never share a segment: the code is reversible, and a name too long for it ends
 * in `!!` (which the code never makes) and a hash of the whole. `!` and not `%`, so that nothing on the way to a view
 * link (browser, proxy, Jupyter) can decode it. Throws `invalid-request` for an empty name or broken Unicode.
 */
export function userSegment(user: string): string {
  if (user === '' || !user.isWellFormed()) {
    throw new RunnerError(
      'invalid-request',
      'The user name in the access token is empty or not valid Unicode.',
    )
  }
  const encoded = encodedSegment(user)
  if (encoded.length <= MAX_USER_SEGMENT) return encoded
  const hash = createHash('sha256').update(user).digest('hex').slice(0, 32)
  return `${encoded.slice(0, MAX_USER_SEGMENT - 2 - hash.length)}!!${hash}`
}
