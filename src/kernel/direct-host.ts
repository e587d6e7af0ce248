import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import { makeConnectionFile } from './connection-file.ts'
import { openDirectConnection } from './direct-connection.ts'
import { type DiskKernelspec, kernelspecFolders, readKernelspecs } from './disk-kernelspecs.ts'
import { passedOn } from './jupyter-config.ts'
import type { KernelConnection } from './kernel-connection.ts'
import type { CauseOfDeath, KernelHost, KernelStart, Kernelspec } from './kernel-host.ts'
import { type KernelLimits, limitedCommand, limitsEnvironment } from './kernel-limits.ts'
import { KernelProcess } from './kernel-process.ts'
import { noSuchKernel } from './no-such-kernel.ts'

export interface DirectHostOptions {
  /** Of the environment whose kernels come first, and which `python` means in a kernelspec. */
  readonly python: string
  /** Ours; only what notebooks need of it is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly limits?: KernelLimits
}

interface Running {
  readonly process: KernelProcess
  readonly connections: Map<string, KernelConnection>
}

/** What a kernel said before it ended is given this long to come through. */
const LAST_MESSAGES_MS = 100
/** A port that was free when it was chosen may be taken by the time the kernel listens. */
const TRIES = 3

/** Kernels as processes of ours, spoken to over ZeroMQ, without a server. They end with us. */
export class DirectHost implements KernelHost {
  readonly kind = 'direct'
  readonly patienceMs = 90_000
  readonly capabilities: KernelHost['capabilities'] = new Set(['environment'] as const)
  readonly #options: DirectHostOptions
  readonly #running = new Map<string, Running>()

  constructor(options: DirectHostOptions) {
    this.#options = options
  }

  async kernelspecs(): Promise<{ default: string; kernelspecs: Kernelspec[] }> {
    const specs = await this.#specs()
    const kernelspecs = [...specs.values()].map(({ name, displayName, language }) => ({
      name,
      displayName,
      language,
    }))
    const fallback = kernelspecs[0]?.name ?? ''
    return { default: specs.has('python3') ? 'python3' : fallback, kernelspecs }
  }

  async start(start: KernelStart, signal: AbortSignal): Promise<string> {
    const specs = await this.#specs()
    const spec = specs.get(start.kernelName.toLowerCase())
    if (spec === undefined) throw noSuchKernel(start.kernelName, [...specs.values()])
    await mkdir(start.folder, { recursive: true })
    const kernelId = randomUUID()
    for (let tries = 1; ; tries += 1) {
      const kernel = await this.#spawn(spec, start)
      try {
        const ids = { kernelId, clientId: randomUUID() }
        const first = await openDirectConnection(kernel.file, ids, AbortSignal.any([signal, kernel.gone]))
        await first[Symbol.asyncDispose]()
        this.#running.set(kernelId, { process: kernel, connections: new Map() })
        return kernelId
      } catch {
        const ended = kernel.gone.aborted
        await kernel[Symbol.asyncDispose]()
        if (ended && tries < TRIES && /in use/i.test(kernel.lastWords)) continue
        const what = ended ? 'ended while it started' : 'did not answer in time'
        const message = `The kernel ${spec.name} ${what}. Check that it is installed completely.`
        throw new RunnerError('kernel-host-failed', message, { cause: kernel.lastWords })
      }
    }
  }

  async connect(kernelId: string, clientId: string, signal: AbortSignal): Promise<KernelConnection> {
    const running = this.#running.get(kernelId)
    if (running === undefined || running.process.gone.aborted) throw gone()
    const { process, connections } = running
    await connections.get(clientId)?.[Symbol.asyncDispose]()
    const either = AbortSignal.any([signal, process.gone])
    const connection = await openDirectConnection(process.file, { kernelId, clientId }, either).catch(
      (error) => {
        throw process.gone.aborted ? gone() : error
      },
    )
    connections.set(clientId, connection)
    const died = () => timers.setTimeout(LAST_MESSAGES_MS).then(() => connection.died())
    if (process.gone.aborted) void died()
    process.gone.addEventListener('abort', died)
    return connection
  }

  async interrupt(kernelId: string): Promise<void> {
    const process = this.#running.get(kernelId)?.process
    if (process === undefined || process.gone.aborted) throw gone()
    await process.interrupt()
  }

  async shutdown(kernelId: string): Promise<void> {
    await this.#running.get(kernelId)?.process[Symbol.asyncDispose]()
    this.#running.delete(kernelId)
  }

  async causeOfDeath(kernelId: string): Promise<CauseOfDeath | undefined> {
    return this.#running.get(kernelId)?.process.causeOfDeath()
  }

  async exists(kernelId: string): Promise<boolean> {
    return this.#running.get(kernelId)?.process.gone.aborted === false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((kernelId) => this.shutdown(kernelId)))
  }

  #specs(): Promise<Map<string, DiskKernelspec>> {
    return readKernelspecs(kernelspecFolders(this.#options.python, this.#options.environment))
  }

  async #spawn(spec: DiskKernelspec, { folder, environment }: KernelStart): Promise<KernelProcess> {
    const { python, environment: outer, limits = {} } = this.#options
    const passed = passedOn(outer)
    const transport = spec.language === 'python' ? 'ipc' : 'tcp'
    const file = await makeConnectionFile(transport)
    const argv = spec.argv.map((argument, index) =>
      index === 0 && /^python(3(\.\d+)?)?$/.test(argument)
        ? python
        : argument
            .replaceAll('{connection_file}', file.path)
            .replaceAll('{resource_dir}', spec.folder)
            .replaceAll('{prefix}', dirname(dirname(python))),
    )
    const own = Object.entries(spec.environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+)\}/g, (whole, variable: string) => passed[variable] ?? whole),
    ])
    return new KernelProcess(spec, file, {
      argv: limitedCommand(python, argv, limits),
      folder,
      environment: {
        ...passed,
        // `!commands` find the same Python.
        PATH: `${dirname(python)}:${outer['PATH'] ?? '/usr/bin:/bin'}`,
        ...Object.fromEntries(own),
        ...limitsEnvironment(limits),
        ...environment,
        // ipykernel ends when its parent does, however that ends.
        JPY_PARENT_PID: String(process.pid),
      },
    })
  }
}

function gone(): RunnerError {
  return new RunnerError('kernel-gone', 'The kernel is gone: its process has ended.')
}
