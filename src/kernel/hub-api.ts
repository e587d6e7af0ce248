import { request } from 'undici'
import { RunnerError } from '../errors.ts'
import { isObject, JsonNumber, type JsonObject, parseJson } from '../notebook/json.ts'
import { type Answer, ask, memberOf, reasonOf } from './jupyter-rest.ts'
import { textOf } from './message.ts'

/** A person's server as the hub has it. */
export interface HubServerState {
  readonly ready: boolean
  readonly pending: 'spawn' | 'stop' | undefined
  /** A path from the hub's origin on, or a whole address; ends with a slash. */
  readonly url: string
  /** For which its spawner was asked, where that was said. */
  readonly workspace: string | undefined
}

/** What the hub says while it starts a server. */
export interface HubProgress {
  readonly percent: number
  readonly message: string
  readonly failed: boolean
}

export interface HubToken {
  readonly id: string
  readonly token: string
}

/** Which server of whom; the name of a person's default server is empty. */
export interface ServerId {
  readonly user: string
  readonly server: string
}

const TOKEN_SECONDS = 900

/**
 * JupyterHub's REST API, as a service of the hub: version 5 and 6. What it does not allow is `kernel-host-failed` and
 * names the scope, no answer too. https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html
 */
export class HubApi {
  /** `…/hub/api`, without a slash at its end. */
  readonly url: string
  readonly #token: string

  constructor(address: { readonly url: string; readonly token: string }) {
    this.url = address.url
    this.#token = address.token
  }

  /** False for a person who never signed in to the hub. */
  async knows(user: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#user(user, signal)) !== undefined
  }

  /** Undefined where there is none, or it is stopped. Throws `hub-unknown-user`. */
  async server({ user, server }: ServerId, signal: AbortSignal): Promise<HubServerState | undefined> {
    return (await this.servers(user, signal)).get(server)
  }

  /** All of a person's servers that are not stopped, by name. Throws `hub-unknown-user`. */
  async servers(user: string, signal: AbortSignal): Promise<ReadonlyMap<string, HubServerState>> {
    const found = await this.#user(user, signal)
    if (found === undefined) {
      throw new RunnerError('hub-unknown-user', `JupyterHub does not know ${user}: sign in there once.`)
    }
    if (!found.has('servers')) throw refusal('see servers', 'servers')
    const servers = new Map<string, HubServerState>()
    for (const [name, state] of memberOf(found, 'servers')) {
      if (isObject(state)) servers.set(name, serverState(state))
    }
    return servers
  }

  /** Undefined once the hub has taken it up (which it may hold for 10 s), otherwise its answer. */
  async spawn(id: ServerId, options: object, signal: AbortSignal): Promise<Answer | undefined> {
    // Both versions take a body like this for the options of the spawner.
    const answer = await this.#ask('POST', serverPath(id), signal, options)
    // The spawner of the platform may refuse a person, too, in words of its own.
    if (answer.status === 403 && /\bscopes\b/.test(reasonOf(answer) ?? ''))
      throw refusal('start a server', 'servers')
    return answer.status === 201 || answer.status === 202 ? undefined : answer
  }

  /** What the hub says of a server that starts, until that is over; nothing where it does not start. */
  async *progress(id: ServerId, signal: AbortSignal): AsyncGenerator<HubProgress> {
    const { statusCode, body } = await request(`${this.url}${serverPath(id)}/progress`, {
      headers: { authorization: `token ${this.#token}`, accept: 'text/event-stream' },
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    if (statusCode !== 200) return void (await body.dump())
    let rest = ''
    for await (const chunk of body.setEncoding('utf8')) {
      const lines = `${rest}${String(chunk)}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const event = progressOf(line)
        if (event !== undefined) yield event
      }
    }
  }

  /** Ends a server, and takes its name away where it is to be removed. One that is not there is fine. */
  async stop(id: ServerId, remove: boolean, signal: AbortSignal): Promise<void> {
    const answer = await this.#ask('DELETE', serverPath(id), signal, { remove })
    if (answer.status === 403) throw refusal('stop a server', 'servers')
    if (answer.status >= 300 && answer.status !== 404)
      throw unexpectedly('The server was not stopped', answer)
  }

  /** A token of the person's own that opens this one server, for 15 minutes. */
  async mint({ user, server }: ServerId, signal: AbortSignal): Promise<HubToken> {
    const body = {
      scopes: [`access:servers!server=${user}/${server}`],
      expires_in: TOKEN_SECONDS,
      note: 'notebook-runner',
    }
    const answer = await this.#ask('POST', `${userPath(user)}/tokens`, signal, body)
    if (answer.status === 403) throw refusal('open a person’s server', 'tokens')
    const json = isObject(answer.body) ? answer.body : new Map()
    const [token, id] = [textOf(json, 'token'), textOf(json, 'id')]
    if (answer.status >= 300 || token === undefined || id === undefined) {
      throw unexpectedly('JupyterHub gave no token for the server', answer)
    }
    return { token, id }
  }

  async revoke(user: string, tokenId: string, signal: AbortSignal): Promise<void> {
    const path = `${userPath(user)}/tokens/${encodeURIComponent(tokenId)}`
    const answer = await this.#ask('DELETE', path, signal)
    if (answer.status >= 300 && answer.status !== 404) throw unexpectedly('A token was not revoked', answer)
  }

  async #user(user: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    const answer = await this.#ask('GET', userPath(user), signal)
    if (answer.status === 404) return undefined
    if (answer.status === 403) throw refusal('see who is there', 'servers')
    if (answer.status !== 200 || !isObject(answer.body)) {
      throw unexpectedly('JupyterHub does not say who is there', answer)
    }
    return answer.body
  }

  async #ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<Answer> {
    const call = { method, path, ...(body !== undefined && { body }) }
    const answer = await ask('JupyterHub', { url: this.url, token: this.#token }, call, signal)
    if (answer.status === 401 || (answer.status === 403 && /missing|invalid/i.test(reasonOf(answer) ?? ''))) {
      throw failed('JupyterHub does not accept our token: check JUPYTERHUB_API_TOKEN.')
    }
    return answer
  }
}

function serverState(state: JsonObject): HubServerState {
  const pending = state.get('pending')
  return {
    ready: state.get('ready') === true,
    pending: pending === 'spawn' || pending === 'stop' ? pending : undefined,
    url: textOf(state, 'url') ?? '',
    workspace: workspaceIn(memberOf(state, 'user_options')),
  }
}

/** Where a link has started it, the options are those of a form: each value is a list. */
function workspaceIn(options: JsonObject): string | undefined {
  const value = options.get('workspace')
  const [first] = Array.isArray(value) ? value : [value]
  return typeof first === 'string' ? first : undefined
}

const userPath = (user: string): string => `/users/${encodeURIComponent(user)}`

function serverPath({ user, server }: ServerId): string {
  return server === ''
    ? `${userPath(user)}/server`
    : `${userPath(user)}/servers/${encodeURIComponent(server)}`
}

/** A line of the stream: `data: {"progress": 50, "message": "…"}`. */
function progressOf(line: string): HubProgress | undefined {
  if (!line.startsWith('data:')) return undefined
  try {
    const event = parseJson(line.slice('data:'.length).trim())
    if (!isObject(event)) return undefined
    const percent = event.get('progress')
    return {
      percent: percent instanceof JsonNumber ? Number(percent.raw) : 0,
      message: textOf(event, 'message') ?? '',
      failed: event.get('failed') === true,
    }
  } catch {
    return undefined
  }
}

const refusal = (what: string, scope: string): RunnerError =>
  failed(
    `JupyterHub does not let this service ${what}. Ask its operator to give the service the scope ${scope}.`,
  )

function unexpectedly(what: string, answer: Answer): RunnerError {
  return failed(`${what} (status ${answer.status} of JupyterHub).`, reasonOf(answer))
}

function failed(message: string, cause?: unknown): RunnerError {
  return new RunnerError('kernel-host-failed', message, { cause })
}
