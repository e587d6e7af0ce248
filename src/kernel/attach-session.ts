import { isObject } from '../notebook/json.ts'
import { callJupyter, type JupyterAddress, memberOf, unexpected } from './jupyter-rest.ts'
import { textOf } from './message.ts'

/**
 * Makes JupyterLab show the notebook at `path` (from the root of the server on) with this kernel. Another kernel that
 * it has been shown with is ended, as JupyterLab does when one is chosen. Throws `kernel-host-failed`.
 */
export async function attachSession(
  address: JupyterAddress,
  { path, kernelId }: { readonly path: string; readonly kernelId: string },
  signal: AbortSignal,
): Promise<void> {
  const kernel = { id: kernelId }
  const name = path.slice(path.lastIndexOf('/') + 1)
  const body = { path, name, type: 'notebook', kernel }
  const made = await callJupyter(address, { method: 'POST', path: '/api/sessions', body }, signal)
  const id = isObject(made.body) ? textOf(made.body, 'id') : undefined
  if (made.status !== 201 || id === undefined) throw unexpected('The kernel could not be opened', made)
  // A session that was there already is given as it is.
  if (textOf(memberOf(made.body, 'kernel'), 'id') === kernelId) return
  const change = {
    method: 'PATCH',
    path: `/api/sessions/${encodeURIComponent(id)}`,
    body: { kernel },
  } as const
  const changed = await callJupyter(address, change, signal)
  if (changed.status !== 200) throw unexpected('The kernel could not be opened', changed)
}
