import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { DiskFiles } from '../kernel/disk-files.ts'
import type { FolderFiles } from '../kernel/folder-files.ts'
import { HubApi } from '../kernel/hub-api.ts'
import { HubFiles } from '../kernel/hub-files.ts'
import { HubHost } from '../kernel/hub-host.ts'
import { HubLook } from '../kernel/hub-look.ts'
import { hubFolder } from '../kernel/hub-place.ts'
import { HubServers } from '../kernel/hub-servers.ts'
import { type JupyterServer, startJupyterServer } from '../kernel/jupyter-server.ts'
import type { KernelHost } from '../kernel/kernel-host.ts'
import { ServerFiles } from '../kernel/server-files.ts'
import { ServerHost } from '../kernel/server-host.ts'
import { hubUser, type ServerStrategy, serverOf } from '../kernel/server-name.ts'
import { type Admit, everybody, hubAdmission, type StoppedFor, serverAdmission } from '../run/admission.ts'
import type { RunFolders } from '../run/old-folders.ts'
import { admittedBy } from '../run/queue-room.ts'
import type { RunPlace } from '../run/run.ts'
import { type ServerAhead, serverAhead } from './server-ahead.ts'

/** Where runs are executed. */
export interface Kernels {
  readonly host: KernelHost
  /** Names the host among all that the workers of this database use. */
  readonly hostName: string
  /** The working directory of a run's kernel: a folder of its own. */
  readonly folderOf: (run: RunPlace) => string
  /** The files in these folders. */
  readonly files: FolderFiles
  /** The folders of runs, where they are on this machine. */
  readonly runFolders: RunFolders | undefined
  readonly admit: Admit
  /** Before a run: what the server of a person is, where each has one of their own. */
  readonly ahead: ServerAhead | undefined
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
      const address = async () => ({ url, token })
      const host = stack.use(new ServerHost(address))
      const files = new ServerFiles(address)
      return {
        host,
        hostName: url,
        folderOf: runFolder,
        files,
        runFolders: undefined,
        admit: everybody,
        ahead: undefined,
        jupyter: undefined,
      }
    }
    case 'hub': {
      const { apiUrl, token, url, server, prestart, oneServer } = kernels
      const hub = new HubApi({ url: apiUrl, token })
      const servers = stack.use(new HubServers(hub))
      const folderOf = (run: RunPlace) => {
        const { workspace, ownerName, kernel } = run
        const id = kernel?.folderOf ?? run.id
        return hubFolder(
          { user: hubUser(ownerName), server: serverOf(server, { id, workspace }), workspace },
          runFolder(run),
        )
      }
      const host = new HubHost(servers)
      const look = stack.use(new HubLook({ hub, servers, host, oneServer }))
      return {
        host,
        hostName: apiUrl,
        folderOf,
        files: new HubFiles(servers),
        runFolders: undefined,
        admit: admittedBy(hubAdmission(hub, url), serverAdmission(stoppedFor(look, server))),
        ahead: serverAhead(look, server, prestart),
        jupyter: undefined,
      }
    }
    case 'local': {
      // JupyterLab takes seconds to start: it does so behind our back, and only who needs it first may wait.
      const rootDir = join(config.dataDir, 'workspaces')
      const jupyter = stack.use(
        await startJupyterServer({
          python,
          rootDir,
          folder: join(config.dataDir, 'jupyter'),
          environment: config.environment,
          limits: config.kernelLimits,
          log,
        }),
      )
      const host = stack.use(new ServerHost((signal) => jupyter.whenReady(signal)))
      const hostName = `${hostname()}:${config.dataDir}`
      const files = new DiskFiles(rootDir)
      return {
        host,
        hostName,
        folderOf: (run) => `${run.workspace}/${runFolder(run)}`,
        files,
        runFolders: runFoldersIn(files),
        admit: everybody,
        ahead: undefined,
        jupyter,
      }
    }
  }
}

const ANSWER_MS = 5_000

const stoppedFor =
  (look: HubLook, strategy: ServerStrategy): StoppedFor =>
  async ({ user, workspace }, id) => {
    const place = { user: hubUser(user), server: serverOf(strategy, { id, workspace }), workspace }
    return look.stops(place, AbortSignal.timeout(ANSWER_MS))
  }

/** So many workspaces, and so many runs of each, are looked at in one go. */
const MOST_FOLDERS = 5_000

function runFoldersIn(files: DiskFiles): RunFolders {
  return {
    async list() {
      const found = []
      for (const workspace of await files.foldersIn('', MOST_FOLDERS))
        for (const runId of await files.foldersIn(`${workspace}/runs`, MOST_FOLDERS))
          found.push({ runId, folder: `${workspace}/runs/${runId}` })
      return found
    },
    remove: (folder) => files.remove(folder),
  }
}

/** A run that goes on in the kernel of another works where that one did. */
const runFolder = ({ id, kernel }: RunPlace) => `runs/${kernel?.folderOf ?? id}`
