import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { KernelsConfig } from '../config/kernels.ts'
import { ServerHost } from '../kernel/server-host.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'

const PATIENCE_MS = 30_000

/** @param python of the kernels that are started here */
export async function checkKernels(kernels: KernelsConfig, python: string): Promise<Finding> {
  const check = 'kernels'
  try {
    switch (kernels.kind) {
      case 'none':
        return notConcerned(check, 'KERNELS is none: notebooks are prepared only.')
      case 'hub':
        return notConcerned(check, 'They are those of each person’s own server.')
      case 'local':
        await promisify(execFile)(python, ['-c', 'import ipykernel, jupyter_server'], {
          timeout: PATIENCE_MS,
        })
        return ok(check, 'They can be started here.')
      case 'server': {
        const { url, token } = kernels
        const found = await new ServerHost(async () => ({ url, token })).kernelspecs(
          AbortSignal.timeout(PATIENCE_MS),
        )
        return found.kernelspecs.length > 0
          ? ok(check, `${url} has ${found.kernelspecs.map(({ name }) => name).join(', ')}.`)
          : fault(check, 'kernels-away', `${url} has no kernel.`)
      }
    }
  } catch (error) {
    return fault(check, 'kernels-away', error instanceof Error ? error.message : reasonOf(error))
  }
}
