import { setTimeout as pause } from 'node:timers/promises'
import {
  kernelsOf,
  type ServiceFolder,
  type ServiceProcess,
  startService,
} from '../../test/support/service-process.ts'
import type { Ground } from './faults.ts'

/** Kernels wait as they do by default; those of runs that failed are kept, but not for longer than is looked for them. */
const ENV = { MAX_CONCURRENT_RUNS: '3', LOG_LEVEL: 'info', KEEP_FAILED_KERNELS: '5' }
const PATIENCE_MS = 60_000
/** A kernel without a use is ended within a minute. */
const LEFTOVERS_MS = 90_000

/** Two services on one data folder: one database, one Jupyter server, two workers. */
export class Fleet implements AsyncDisposable {
  readonly folder: ServiceFolder
  readonly random: () => number
  readonly #services: ServiceProcess[]
  readonly #env: Readonly<Record<string, string>>
  readonly #token: Ground['token']
  /** Answers that should not have been: once each. */
  readonly #unexpected = new Set<string>()

  static async start(
    folder: ServiceFolder,
    random: () => number,
    { env: more, token }: Pick<Ground, 'env' | 'token'>,
  ): Promise<Fleet> {
    const env = { ...ENV, ...more }
    await using starting = new AsyncDisposableStack()
    const first = starting.use(await startService(folder, env))
    const second = await startService(folder, env)
    starting.move()
    return new Fleet(folder, random, [first, second], env, token)
  }

  private constructor(
    folder: ServiceFolder,
    random: () => number,
    services: ServiceProcess[],
    env: Readonly<Record<string, string>>,
    token: Ground['token'],
  ) {
    this.folder = folder
    this.random = random
    this.#services = services
    this.#env = env
    this.#token = token
  }

  /** One of the two. */
  service(index: number): ServiceProcess {
    const found = this.#services[index]
    if (found === undefined) throw new RangeError(`There is no service ${index}`)
    return found
  }

  async restart(index: number): Promise<void> {
    this.#services[index] = await startService(this.folder, this.#env)
  }

  /** A moment in the middle of what happens: up to so many milliseconds from now. */
  async moment(mostMs: number): Promise<void> {
    await pause(this.random() * mostMs)
  }

  /** From the first service that answers, under one key, as somebody would who means one run. */
  async accept(fail: number): Promise<string> {
    const key = String(this.random())
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ inputs: { pause: 0.1 + this.random() * 0.2, fail } }),
    }
    const answer = await this.#ask('/processes/counter/execution', request)
    if (typeof answer !== 'object' || answer === null || !('id' in answer)) {
      throw new Error(`No run was accepted: ${JSON.stringify(answer)}`)
    }
    return String(answer.id)
  }

  job(id: string): Promise<unknown> {
    return this.#ask(`/jobs/${id}`)
  }

  async cancel(id: string): Promise<void> {
    await this.#ask(`/jobs/${id}`, { method: 'DELETE' })
  }

  get unexpected(): readonly string[] {
    return [...this.#unexpected]
  }

  /** Asks one of the two, once; another status than this is noted. */
  async expect(path: string, status: number, token?: string): Promise<void> {
    const answer = await this.#fetch(this.service(this.random() < 0.5 ? 0 : 1), path, {}, token)
    if (answer === undefined) return void this.#unexpected.add(`${path} was not answered`)
    const text = await answer.text()
    if (answer.status !== status) this.#unexpected.add(`${path} was answered ${answer.status}: ${text}`)
  }

  /** What there still is of runs that have all ended, and of workers that were killed. */
  async leftovers(): Promise<readonly string[]> {
    const end = performance.now() + LEFTOVERS_MS
    for (;;) {
      const kernels = await kernelsOf(this.folder).catch(() => [])
      if (kernels.length === 0) return []
      if (performance.now() > end) return [`${kernels.length} kernels were left without a run`]
      await pause(250)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) {
      service.child.kill('SIGCONT')
      await service[Symbol.asyncDispose]()
    }
  }

  async #ask(path: string, options: RequestInit = {}): Promise<unknown> {
    const end = performance.now() + PATIENCE_MS
    for (;;) {
      for (const service of this.#services) {
        const answer = await this.#fetch(service, path, options)
        if (answer !== undefined && answer.status < 500) return answer.json()
      }
      if (performance.now() > end) throw new Error(`Nobody answers ${path}`)
      await pause(100)
    }
  }

  /** Undefined where there is no answer. A failure must have a type, whatever is away. */
  async #fetch(
    service: ServiceProcess,
    path: string,
    options: RequestInit,
    token?: string,
  ): Promise<Response | undefined> {
    const given = token ?? (await this.#token?.())
    const headers = { ...options.headers, ...(given !== undefined && { authorization: `Bearer ${given}` }) }
    const signal = AbortSignal.timeout(5_000)
    const answer = await service.fetch(path, { ...options, headers, signal }).catch(() => undefined)
    if (answer !== undefined && answer.status >= 500) {
      const text = await answer
        .clone()
        .text()
        .catch(() => '')
      if (!text.includes('"urn:notebook-runner:problem:') || text.includes('problem:internal')) {
        this.#unexpected.add(`${path} was answered ${answer.status} without a type: ${text}`)
      }
    }
    return answer
  }
}
