import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { readEvents } from '../support/event-reader.ts'

/** Between two requests of one visitor, and between two runs. */
const PAUSE_MS = 100
const RUN_EVERY_MS = 1_000
const ENDED = ['succeeded', 'failed', 'cancelled']

/** What people and programs do all the time, each thing in a loop of its own, until it is stopped. */
export class Traffic {
  readonly runs: string[] = []
  /** Of each run that was watched: the numbers of its events, in the order of their arrival. */
  readonly watched = new Map<string, number[]>()
  readonly #failures: string[] = []
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #stop = new AbortController()
  readonly #loops: Promise<void>[]
  readonly #watchers: Promise<void>[] = []
  #requests = 0

  constructor(url: string, token: string) {
    this.#url = url
    this.#headers = { authorization: `Bearer ${token}` }
    this.#loops = [
      this.#loop(PAUSE_MS, () => this.#ask('/run/notebook/counter?pause=0&_mode=prepare', 303)),
      this.#loop(PAUSE_MS, () => this.#ask('/jobs?limit=10', 200)),
      this.#loop(PAUSE_MS, () => this.#ask('/processes', 200)),
      this.#loop(PAUSE_MS, async () => this.runs.at(-1) && this.#ask(`/jobs/${this.runs.at(-1)}`, 200)),
      this.#loop(RUN_EVERY_MS, () => this.#run()),
    ]
  }

  get requests(): number {
    return this.#requests
  }

  /** What went wrong, once for each request. */
  get failures(): readonly string[] {
    return this.#failures
  }

  /** Ends the loops; who watches a run goes on to its end. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  /** Resolves once each run that is watched has told its end. */
  async watchersEnded(): Promise<void> {
    await Promise.all(this.#watchers)
  }

  /** Asks once. Notes another status than this, and the lack of an answer. */
  async #ask(path: string, status: number, options: RequestInit = {}): Promise<string> {
    this.#requests += 1
    const headers = { ...this.#headers, ...options.headers }
    const signal = AbortSignal.timeout(30_000)
    try {
      const answer = await fetch(this.#url + path, { redirect: 'manual', ...options, headers, signal })
      const text = await answer.text()
      if (answer.status !== status) this.#failures.push(`${path}: ${answer.status} ${text}`)
      return text
    } catch (error) {
      this.#failures.push(`${path}: ${String(error)} ${error instanceof Error ? String(error.cause) : ''}`)
      return '{}'
    }
  }

  async #run(): Promise<void> {
    const text = await this.#ask('/processes/counter/execution', 201, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ inputs: { pause: 0.15 } }),
    })
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null || !('id' in answer)) return
    const id = String(answer.id)
    this.runs.push(id)
    if (this.runs.length % 3 === 1) this.#watchers.push(this.#watch(id))
  }

  /** Reads the events of a run to its end; comes back with the number of the last one where a server goes away. */
  async #watch(id: string): Promise<void> {
    const numbers: number[] = []
    this.watched.set(id, numbers)
    for (let over = false; !over; ) {
      const headers = { ...this.#headers, 'last-event-id': String(numbers.at(-1) ?? 0) }
      await using reader = await readEvents(`${this.#url}/jobs/${id}/events`, headers)
      this.#requests += 1
      if (reader.status !== 200) return void this.#failures.push(`events of ${id}: ${reader.status}`)
      try {
        for await (const { id: number, data } of reader) {
          numbers.push(number)
          over ||= ENDED.includes(String(data['state']))
        }
      } catch {
        // The stream was cut: its server has gone.
      }
    }
  }

  async #loop(everyMs: number, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await work()
      await pause(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
