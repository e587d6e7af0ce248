import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, constants, mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import type { ProcessRecord } from '../process/process-record.ts'
import { type ChildLog, SharedChild } from '../process/shared-child.ts'
import { jupyterEnvironment, jupyterFolders, writeJupyterConfig } from './jupyter-config.ts'
import { type KernelLimits, writeKernelLimits } from './kernel-limits.ts'

export interface JupyterServerOptions {
  /** Of the kernel environment, which has JupyterLab in it. */
  readonly python: string
  /** What JupyterLab shows: paths of links start here. Made if missing. */
  readonly rootDir: string
  /** Ours: record, log, locks, and all that Jupyter itself keeps. */
  readonly folder: string
  /** Ours; only what notebooks need of it is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Of each of its kernels, also those of JupyterLab. */
  readonly limits?: KernelLimits
  readonly log: ChildLog
}

interface JupyterAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly token: string
}

export interface JupyterServer extends AsyncDisposable {
  /** Waits until it answers, which takes some seconds after a start. Throws `kernel-host-failed` once `signal` aborts. */
  whenReady(signal: AbortSignal): Promise<JupyterAddress>
  /** The link that opens the file at `path`, from the root folder on, in JupyterLab. Waits a minute at most; throws as above. */
  labUrl(path: string): Promise<string>
  /** True when it answers. */
  healthy(): Promise<boolean>
  /** Disposing will not stop it: kernels in it go on for whoever adopts it. */
  leave(): void
}

const LINK_WAIT_MS = 60_000
const ANSWER_MS = 2_000
const POLL_MS = 100

/**
 * A Jupyter server as a child of ours, on 127.0.0.1 behind a random token. It starts in the background, is shared by
 * all our processes on one folder, outlives a crash of ours and is adopted again, and is started again when it dies
 * (`SharedChild`). Port and token stay the same, so that links stay good; another port is taken where that one is in use.
 *
 * Throws `kernel-host-failed` where there is no kernel environment.
 */
export async function startJupyterServer(options: JupyterServerOptions): Promise<JupyterServer> {
  const { python, environment, log } = options
  const [folder, rootDir] = [resolve(options.folder), resolve(options.rootDir)]
  await access(python, constants.X_OK).catch((cause) => {
    const message = `There is no kernel environment (${python} is missing): \`npm start\` makes it.`
    throw new RunnerError('kernel-host-failed', message, { cause })
  })
  const folders = jupyterFolders(folder)
  await mkdir(folders.config, { recursive: true })
  // Now, because a server that is adopted is not started anew.
  await writeKernelLimits(folders.config, options.limits ?? {})
  const server = new SharedChild({
    name: 'The Jupyter server',
    folder,
    mode: 0o700,
    code: 'kernel-host-failed',
    advice:
      'Look into server.log in its folder; `npm start` makes the kernel environment anew where that is missing.',
    log,
    async spawn(previous, output) {
      const port = await freePort(Number(previous?.details['port'] ?? 0))
      const token = previous?.details['token'] ?? randomBytes(24).toString('base64url')
      await mkdir(rootDir, { recursive: true })
      await writeJupyterConfig(folders, { rootDir, port })
      const child = spawn(python, ['-m', 'jupyterlab'], {
        cwd: rootDir,
        env: jupyterEnvironment(environment, folders, { python, token }),
        detached: true,
        stdio: ['ignore', output, output],
      })
      return { child, details: { port: String(port), token } }
    },
    answers: (details, signal) => answers(addressOf(details), signal),
    stopSignals: ['SIGTERM', 'SIGKILL'],
    stopMs: 10_000,
    startMs: 120_000,
    pollMs: POLL_MS,
  })
  server.startInBackground()

  const whenReady = async (signal: AbortSignal) => {
    for (;;) {
      const address = server.record && addressOf(server.record.details)
      // Asked, because one that has just died is not missed yet.
      if (address !== undefined && (await answers(address, signal))) return address
      if (signal.aborted) {
        const message = `JupyterLab is not up yet: try again in a moment. If that lasts, ${folder}/server.log says why.`
        throw new RunnerError('kernel-host-failed', message)
      }
      await timers.setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  return {
    whenReady,
    async labUrl(path) {
      const { url, token } = await whenReady(AbortSignal.timeout(LINK_WAIT_MS))
      const encoded = path.split('/').filter(Boolean).map(encodeURIComponent).join('/')
      return `${url}/lab/tree/${encoded}?token=${encodeURIComponent(token)}`
    },
    async healthy() {
      return server.record !== undefined && answers(addressOf(server.record.details))
    },
    leave: () => server.leave(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function addressOf({ port = '', token = '' }: ProcessRecord['details']): JupyterAddress {
  return { url: `http://127.0.0.1:${port}`, token }
}

/** Only the server that has this token answers with 200. */
async function answers({ url, token }: JupyterAddress, signal?: AbortSignal): Promise<boolean> {
  const late = AbortSignal.timeout(ANSWER_MS)
  try {
    const response = await fetch(`${url}/api/status`, {
      headers: { authorization: `token ${token}` },
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}

/** `wanted` where nobody listens on it, otherwise any other. */
async function freePort(wanted: number): Promise<number> {
  const probe = createServer()
  try {
    probe.listen(wanted, '127.0.0.1')
    await once(probe, 'listening')
    const address = probe.address()
    return typeof address === 'object' && address !== null ? address.port : wanted
  } catch (error) {
    if (wanted === 0) throw error
    return freePort(0)
  } finally {
    probe.close()
  }
}
