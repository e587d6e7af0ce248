import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import type { HubApi, HubProgress, HubServerState, HubToken, ServerId } from './hub-api.ts'
import { type Answer, type JupyterAddress, reasonOf } from './jupyter-rest.ts'

/** Used up to now, and not to its last second: a connection that is being opened needs it still. */
const TOKEN_MS = 600_000
const POLL_MS = 1_000
/** By then the hub has begun, and has something to say. */
const BEGUN_MS = 300
const ANSWER_MS = 10_000
const MAX_TOLD = 20

interface Minted extends HubToken {
  /** By `performance.now()`. */
  readonly until: number
}

/** One server of one person: starts it, and opens it with a token that opens nothing else and is only ever in memory. */
export class HubServer {
  readonly #hub: HubApi
  readonly #id: ServerId
  /** One at a time, however many ask for it at once. */
  #token: Promise<Minted> | undefined
  #url: string | undefined

  constructor(hub: HubApi, id: ServerId) {
    this.#hub = hub
    this.#id = id
  }

  /**
   * Until it is up. One that starts or stops already is waited for. Throws `server-failed` where it does not start,
   * `hub-unknown-user`, and `kernel-host-failed` for a hub that does not answer.
   * @param options what its spawner is given
   * @param tell what the person may like to read meanwhile
   */
  async start(options: object, tell: (text: string) => void, signal: AbortSignal): Promise<void> {
    const say = eachOnce(tell)
    for (;;) {
      const state = await this.#hub.server(this.#id, signal)
      if (state?.ready === true) return this.#isAt(state)
      if (state?.pending === 'spawn') await this.#follow(say, signal)
      else if (state?.pending !== 'stop' && (await this.#spawn(options, say, signal))) continue
      await timers.setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) throw failed(`${this.#name} is not up yet: the hub is still at it.`)
    }
  }

  /** Throws `kernel-gone` where it is not up: whatever was in it is gone. */
  async find(signal: AbortSignal): Promise<void> {
    const state = await this.#hub.server(this.#id, signal)
    if (state === undefined || (!state.ready && state.pending !== 'spawn')) {
      throw new RunnerError(
        'kernel-gone',
        `${this.#name} was stopped while the run went on: by its owner, or because the platform ends servers that it takes for idle. Run it again.`,
      )
    }
    this.#isAt(state)
  }

  /** With a token that is good for some minutes. */
  async address(signal: AbortSignal): Promise<JupyterAddress> {
    if (this.#url === undefined) await this.find(signal)
    const { token } = await this.#minted()
    const refused = `${this.#name} does not accept the token that JupyterHub made for it.`
    return { url: this.#url ?? '', token, refused }
  }

  /** The next address is asked for anew, with another token. */
  async forget(): Promise<void> {
    const token = this.#token
    this.#token = undefined
    this.#url = undefined
    // One that is still being made too.
    await token?.then((minted) => this.#revoke(minted)).catch(() => undefined)
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#hub.stop(this.#id, this.#id.server !== '', signal)
  }

  async #minted(): Promise<Minted> {
    const held = this.#token
    const known = await held
    if (known !== undefined && performance.now() < known.until) return known
    if (this.#token !== held) return this.#minted()
    const minting = this.#mint()
    this.#token = minting
    if (known !== undefined) await this.#revoke(known)
    return minting
  }

  async #mint(): Promise<Minted> {
    try {
      const token = await this.#hub.mint(this.#id, AbortSignal.timeout(ANSWER_MS))
      return { ...token, until: performance.now() + TOKEN_MS }
    } catch (error) {
      this.#token = undefined
      throw error
    }
  }

  get #name(): string {
    const { user, server } = this.#id
    return server === '' ? `The server of ${user}` : `The server ${server} of ${user}`
  }

  #isAt({ url }: HubServerState): void {
    this.#url = new URL(url, this.#hub.url).href.replace(/\/+$/, '')
  }

  /** True where the hub's state has to be looked at again at once. */
  async #spawn(options: object, say: (text: string) => void, signal: AbortSignal): Promise<boolean> {
    say('Your server is being started.')
    const over = new AbortController()
    const posted = this.#hub.spawn(this.#id, options, signal).finally(() => over.abort())
    const following = (async () => {
      await timers.setTimeout(BEGUN_MS, undefined, { signal: over.signal }).catch(() => undefined)
      return this.#follow(say, signal)
    })()
    const [answer, last] = await Promise.all([posted, following])
    if (answer !== undefined && !isBusy(answer)) throw this.#refused(answer)
    if (last?.failed === true) throw this.#failed(last.message)
    return answer === undefined
  }

  /** Tells what the hub says until the start is over. The last of it; a hub that goes away meanwhile says nothing. */
  async #follow(say: (text: string) => void, signal: AbortSignal): Promise<HubProgress | undefined> {
    let last: HubProgress | undefined
    try {
      for await (const event of this.#hub.progress(this.#id, signal)) {
        last = event
        if (!event.failed) say(`Your server is starting: ${event.percent} %, ${event.message}`)
      }
    } catch {
      return undefined
    }
    return last
  }

  #refused(answer: Answer): RunnerError {
    const why = reasonOf(answer) ?? `JupyterHub answered with status ${answer.status}`
    // A hub behind a proxy that cannot reach it; what it says itself has words.
    return answer.status >= 500 && reasonOf(answer) === undefined ? failed(why) : this.#failed(why)
  }

  #failed(why: string): RunnerError {
    const words = why.replace(/\s+/g, ' ').trim().slice(0, 300)
    return new RunnerError('server-failed', `${this.#name} did not start: ${words}`)
  }

  async #revoke({ id }: HubToken): Promise<void> {
    // It ends by itself a little later.
    await this.#hub.revoke(this.#id.user, id, AbortSignal.timeout(ANSWER_MS)).catch(() => undefined)
  }
}

/** Says nothing twice, and not everything of a spawner that talks a lot. */
function eachOnce(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>()
  return (text) => {
    if (told.has(text) || told.size >= MAX_TOLD) return
    told.add(text)
    tell(text)
  }
}

/** Somebody else starts or stops it, it is up already, or the hub has too much to start at once. */
function isBusy(answer: Answer): boolean {
  return (
    answer.status === 429 ||
    (answer.status === 400 && /already running|is pending/.test(reasonOf(answer) ?? ''))
  )
}

const failed = (message: string): RunnerError => new RunnerError('kernel-host-failed', message)
