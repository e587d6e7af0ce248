import type { Config } from '../config/config.ts'
import type { Database } from '../database/connect.ts'
import type { Services } from '../http/services.ts'
import { attachSession } from '../kernel/attach-session.ts'
import { keepLonger, keptKernel } from '../run/kept-kernel.ts'
import type { Kernels } from './open-kernels.ts'

const OPEN_MS = 30_000

/** The kernels of runs that failed: opened where the notebook and the kernel are both in JupyterLab's own server. */
export function keptKernelsWith(
  { view, runs }: Config,
  kernels: Kernels | undefined,
  database: Database,
): Services['keptKernels'] {
  const jupyter = view.kind === 'child' ? kernels?.jupyter : undefined
  return {
    canOpen: jupyter !== undefined,
    find: (caller, runId) => keptKernel(database, caller, runId),
    async open(kernel, { bucket, key }) {
      const { host, kernelId } = kernel
      if (jupyter === undefined || kernels === undefined || host !== kernels.hostName) return undefined
      const signal = AbortSignal.timeout(OPEN_MS)
      if (!(await kernels.host.exists(kernelId, signal))) return undefined
      await keepLonger(database, kernel, runs.keepFailedSeconds)
      const path = `${bucket}/${key}`
      await attachSession(await jupyter.whenReady(signal), { path, kernelId }, signal)
      return jupyter.labUrl(path)
    },
  }
}
