import timers from 'node:timers/promises'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { type Dispatcher, request } from 'undici'
import { type ErrorCode, type ParameterFault, PROBLEMS, RunnerError } from '../errors.ts'
import { isObject, type JsonObject } from '../notebook/json.ts'
import { jsonObject } from './json-object.ts'
import { warn } from './report.ts'

export interface ServerAddress {
  /** Without a slash at its end. */
  readonly url: string
  /** The one to send now: one that is over may be renewed. */
  readonly token: () => Promise<string>
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** From the server's root on. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** How long a server that does not answer is tried again. */
const PATIENCE_MS = 600_000
const PAUSE_MS = { first: 250, most: 5_000 }
/** The server says every 15 s that it is there. */
const SILENCE_MS = 45_000
const ANSWER_MS = 60_000

/** It may be there again in a moment: whatever is asked may be asked again. */
class ServerAway extends Error {
  readonly waitMs: number | undefined

  constructor(message: string, waitMs?: number) {
    super(message)
    this.waitMs = waitMs
  }
}

/** A runner elsewhere, by its API. A broken connection, or a server that is started again, is waited for. */
export class ServerClient {
  readonly #address: ServerAddress

  constructor(address: ServerAddress) {
    this.#address = address
  }

  get url(): string {
    return this.#address.url
  }

  /** The answer as JSON. Throws the server's own words, and `server-unreachable`. */
  async json(call: Call): Promise<JsonObject> {
    const body = jsonObject((await this.bytes(call)).toString('utf8'))
    if (body !== undefined) return body
    throw new RunnerError('server-unreachable', `What answers at ${this.url} is no Notebook Runner.`)
  }

  /** The same as it is. */
  async bytes(call: Call): Promise<Buffer> {
    return this.#patiently(async () => {
      const response = await this.#send(call, ANSWER_MS)
      const bytes = Buffer.from(await response.body.arrayBuffer().catch(away))
      if (response.statusCode < 300) return bytes
      throw refusal(response, bytes.toString('utf8'))
    })
  }

  /**
   * Server-sent events, each with its number, until `onEvent` returns true or the server says that there are no more.
   * Where the connection breaks it goes on behind the last one. Throws as `json`.
   */
  async follow(path: string, onEvent: (event: EventSourceMessage) => boolean): Promise<void> {
    let last: string | undefined
    let ended = false
    while (!ended) {
      ended = await this.#patiently(async (working) => {
        const headers = { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) }
        const response = await this.#send({ method: 'GET', path, headers }, SILENCE_MS)
        if (response.statusCode === 204) return true
        if (response.statusCode !== 200) throw refusal(response, await response.body.text().catch(away))
        const parser = createParser({
          onEvent: (event) => {
            last = event.id ?? last
            ended ||= onEvent(event)
          },
        })
        const decoder = new TextDecoder()
        try {
          for await (const chunk of response.body) {
            working()
            parser.feed(decoder.decode(chunk, { stream: true }))
            if (ended) return true
          }
        } catch (error) {
          away(error)
        }
        // Ended in good order without the end of the run: the server is being stopped.
        throw new ServerAway('The stream of events ended.')
      })
    }
  }

  async #send({ method, path, headers, body }: Call, silenceMs: number): Promise<Dispatcher.ResponseData> {
    const { url, token } = this.#address
    return request(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body ?? null,
      headersTimeout: ANSWER_MS,
      bodyTimeout: silenceMs,
    }).catch(away)
  }

  async #patiently<T>(work: (working: () => void) => Promise<T>): Promise<T> {
    let end = performance.now() + PATIENCE_MS
    let told = false
    const working = () => {
      end = performance.now() + PATIENCE_MS
      told = false
    }
    for (let pause = PAUSE_MS.first; ; pause = Math.min(2 * pause, PAUSE_MS.most)) {
      try {
        return await work(working)
      } catch (error) {
        if (!(error instanceof ServerAway)) throw error
        if (performance.now() > end)
          throw new RunnerError(
            'server-unreachable',
            `The server at ${this.url} does not answer: ${error.message}`,
          )
        if (!told && pause > PAUSE_MS.first) {
          told = true
          warn(`The server does not answer, and is tried again: ${error.message}`)
        }
        await timers.setTimeout(error.waitMs ?? pause)
      }
    }
  }
}

function away(error: unknown): never {
  const cause = error instanceof AggregateError ? error.errors[0] : error
  throw new ServerAway(cause instanceof Error ? cause.message : String(cause))
}

/** What the server says is wrong; what may pass is `ServerAway`. */
function refusal({ statusCode, headers }: Dispatcher.ResponseData, text: string): Error {
  const problem = jsonObject(text) ?? new Map()
  const detail = problem.get('detail')
  const said = typeof detail === 'string' ? detail : `The server answered with status ${statusCode}.`
  if (statusCode === 429 || statusCode >= 502) {
    const seconds = Number(headers['retry-after'])
    return new ServerAway(said, Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined)
  }
  const code = problem.get('code')
  const known = typeof code === 'string' && isErrorCode(code) ? code : 'server-unreachable'
  const errors = faultsIn(problem)
  return new RunnerError(known, said, errors.length > 0 ? { errors } : {})
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(PROBLEMS, code)

function faultsIn(problem: JsonObject): readonly ParameterFault[] {
  const errors = problem.get('errors')
  return (Array.isArray(errors) ? errors : []).filter(isObject).flatMap((error) => {
    const [name, message] = [error.get('name'), error.get('message')]
    return typeof name === 'string' && typeof message === 'string'
      ? [{ name, fault: 'invalid' as const, message }]
      : []
  })
}
