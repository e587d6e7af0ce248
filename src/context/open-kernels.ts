import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { type JupyterServer, startJupyterServer } from '../kernel/jupyter-server.ts'
import type { KernelHost } from '../kernel/kernel-host.ts'
import { ServerHost } from '../kernel/server-host.ts'
import type { Run } from '../run/run.ts'

/** Where runs are executed. */
export interface Kernels {
  readonly host: KernelHost
  /** Names the host among all that the workers of this database use. */
  readonly hostName: string
  /** The working directory of a run's kernel: a folder of its own. */
  readonly folderOf: (run: Run) => string
  /** The child, where it is ours: it also shows notebooks. */
  readonly jupyter: JupyterServer | undefined
}

/** Undefined where this service only prepares notebooks. */
export async function openKernels(
  config: Config,
  log: Logger,
  python: string,
  stack: AsyncDisposableStack,
): Promise<Kernels | undefined> {
  const { kernels } = config
  switch (kernels.kind) {
    case 'none':
      return undefined
    case 'server': {
      const { url, token } = kernels
      const host = stack.use(new ServerHost(async () => ({ url, token })))
      return { host, hostName: url, folderOf: ({ id }) => `runs/${id}`, jupyter: undefined }
    }
    case 'local': {
      // JupyterLab takes seconds to start: it does so behind our back, and only who needs it first may wait.
      const jupyter = stack.use(
        await startJupyterServer({
          python,
          rootDir: join(config.dataDir, 'workspaces'),
          folder: join(config.dataDir, 'jupyter'),
          environment: config.environment,
          log,
        }),
      )
      const host = stack.use(new ServerHost((signal) => jupyter.whenReady(signal)))
      const hostName = `${hostname()}:${config.dataDir}`
      return { host, hostName, folderOf: ({ id, workspace }) => `${workspace}/runs/${id}`, jupyter }
    }
  }
}
