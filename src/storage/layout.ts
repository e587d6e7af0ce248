import { RunnerError } from '../errors.ts'
import { encodedSegment, notebookFileName, userSegment, workspaceSegment } from './segment.ts'
import type { StorageScope, StoredObject } from './storage.ts'

/**
 * Where notebooks lie: `local` one folder a workspace; `seed` the first design, `bucket` being
 * `workspace-{workspace}`; `eodh` the platform's one shared bucket. `bucket` may hold `{workspace}` and `{user}`.
 */
export type Layout =
  | { readonly kind: 'local' }
  | { readonly kind: 'seed'; readonly bucket: string }
  | { readonly kind: 'eodh'; readonly bucket: string }

/** S3's rule for names of buckets; the longest workspace names don't fit it behind a prefix. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const MAX_KEY_BYTES = 1024

/** Fills `{workspace}` and `{user}` (as its safe segment) in. Throws `invalid-request` where one can't be a name. */
export function fillTemplate(template: string, scope: StorageScope): string {
  return template
    .replaceAll('{workspace}', () => workspaceSegment(scope.workspace))
    .replaceAll('{user}', () => userSegment(scope.user))
}

/** The place of a run's notebook. Throws `invalid-request` where a name can't be a path segment. */
export function locate(
  layout: Layout,
  scope: StorageScope,
  notebookId: string,
  outputId: string,
): StoredObject {
  const file = notebookFileName(notebookId, outputId)
  const folder =
    layout.kind === 'seed' ? `${prefixOf(layout, scope)}${userSegment(scope.user)}/` : prefixOf(layout, scope)
  return { bucket: bucketOf(layout, scope), key: `${folder}${file}` }
}

/** Longest name of a file that every storage takes. */
const MAX_NAME_BYTES = 200

/**
 * The place of a file that a run left: in a folder beside its notebook, of the same name. `path` is relative, with `/`
 * between its names. Undefined where it is too long to be stored, or climbs.
 */
export function besideNotebook(notebook: StoredObject, path: string): StoredObject | undefined {
  const names = path.split('/')
  if (names.some((name) => name === '' || name === '.' || name === '..' || !name.isWellFormed()))
    return undefined
  const segments = names.map(encodedSegment)
  const key = `${notebook.key.replace(/\.ipynb$/, '')}/${segments.join('/')}`
  const fits = segments.every(({ length }) => length <= MAX_NAME_BYTES) && isPlainKey(key)
  return fits ? { bucket: notebook.bucket, key } : undefined
}

/**
 * Throws `not-found` unless the object lies inside the workspace of the scope, however it came to be named: what is
 * not yours does not exist. The last fence, after the row's own scope.
 */
export function assertInside(layout: Layout, scope: StorageScope, object: StoredObject): void {
  const { bucket, key } = object
  if (bucket === bucketOf(layout, scope) && key.startsWith(prefixOf(layout, scope)) && isPlainKey(key)) return
  throw new RunnerError('not-found', `There is no such notebook in workspace ${scope.workspace}.`)
}

function bucketOf(layout: Layout, scope: StorageScope): string {
  const workspace = workspaceSegment(scope.workspace)
  if (layout.kind === 'local') return workspace
  const bucket = fillTemplate(layout.bucket, scope)
  if (BUCKET.test(bucket)) return bucket
  throw new RunnerError(
    'invalid-request',
    `Workspace ${workspace} cannot be stored: “${bucket}” is not a valid bucket name (3 to 63 lower-case letters, digits, dots and hyphens). Ask the operator of this service to change the bucket's name in its settings.`,
  )
}

function prefixOf(layout: Layout, scope: StorageScope): string {
  const workspace = workspaceSegment(scope.workspace)
  switch (layout.kind) {
    case 'local':
      return 'notebooks/'
    case 'seed':
      return `workspaces/${workspace}/notebooks/`
    case 'eodh':
      return `${workspace}/jupyter/`
  }
}

/** No empty segment, no dot segments or hidden names, nothing that any layer below could decode or cut off. */
function isPlainKey(key: string): boolean {
  return (
    Buffer.byteLength(key) <= MAX_KEY_BYTES &&
    key.split('/').every((part) => /^[A-Za-z0-9_@!-][A-Za-z0-9._@!-]*$/.test(part))
  )
}
