import { isObject, JsonNumber, type JsonObject } from '../notebook/json.ts'
import { callJupyter, type JupyterAddress, memberOf } from './jupyter-rest.ts'
import { textOf } from './message.ts'

/** Longer than a worker takes from starting a kernel to writing it down. */
const UNUSED_MS = 30_000

/**
 * Kernels of a Jupyter server on this machine that nobody is connected to, that do nothing, and that no session of
 * JupyterLab's has opened: those that people work in have one.
 */
export async function unusedKernels(
  address: JupyterAddress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [kernels, sessions] = await Promise.all(
    ['/api/kernels', '/api/sessions'].map((path) => callJupyter(address, { method: 'GET', path }, signal)),
  )
  if (!Array.isArray(kernels?.body) || !Array.isArray(sessions?.body)) return []
  const opened = new Set(sessions.body.map((session) => textOf(memberOf(session, 'kernel'), 'id')))
  return kernels.body
    .filter(isObject)
    .filter(isUnused)
    .flatMap((kernel) => textOf(kernel, 'id') ?? [])
    .filter((id) => !opened.has(id))
}

function isUnused(kernel: JsonObject): boolean {
  const connections = kernel.get('connections')
  const since = Date.parse(textOf(kernel, 'last_activity') ?? '')
  const nobody = connections instanceof JsonNumber && connections.raw === '0'
  return nobody && textOf(kernel, 'execution_state') !== 'busy' && Date.now() - since > UNUSED_MS
}
