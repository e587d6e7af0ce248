import { request } from 'undici'
import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject } from '../notebook/json.ts'
import { jsonObject } from './json-object.ts'
import { serviceUrl } from './kept-token.ts'
import { print } from './print.ts'
import { tokenOf } from './run-on-server.ts'
import { textTable } from './text-table.ts'

export interface VerifyOptions {
  readonly token?: string
  readonly notebook?: string
  readonly parameters?: ReadonlyArray<readonly [string, string]>
  readonly workspace?: string
  readonly json?: boolean
}

/** One point; `what` says what was seen, or what is wrong. */
interface Point {
  readonly point: string
  readonly result: 'ok' | 'fault' | 'not-tried'
  readonly what: string
  readonly seconds: number
}

const PATIENCE_MS = 60_000

/**
 * `notebook-runner verify`: the way of a link on a service that runs, from its health to JupyterLab. The notebook that it
 * makes is removed again. Points behind one that fails are not tried. Throws `check-failed` where one fails.
 */
export async function verify(address: string, options: VerifyOptions): Promise<void> {
  const url = serviceUrl(address)
  const token = await (await tokenOf(options, url))()
  const points = await pointsOf(new Visit(url, token), options)
  if (options.json) await print(`${JSON.stringify(points, undefined, 2)}\n`)
  else {
    const rows = points.map(({ point, result, what, seconds }, index) => [
      `${index + 1}`,
      WORDS[result],
      point,
      result === 'not-tried' ? '' : `${seconds.toFixed(3)} s`,
      what,
    ])
    await print(textTable(['', 'Result', 'Point', 'Time', 'What was seen'], rows))
  }
  const bad = points.find(({ result }) => result === 'fault')
  if (bad !== undefined) throw new RunnerError('check-failed', `${url}: ${bad.point} does not work.`)
}

const WORDS = { ok: 'ok', fault: 'FAULT', 'not-tried': '-' } as const

/** What a point that works leaves for those behind it. */
interface Seen {
  notebook?: string
  query?: string
  run?: string
  view?: string
}

type Look = (visit: Visit, seen: Seen, options: VerifyOptions) => Promise<string>

const LOOKS: Readonly<Record<string, Look>> = {
  health: lookAtHealth,
  'sign-in': lookAtSignIn,
  catalogue: lookAtCatalogue,
  link: followLink,
  notebook: readNotebook,
  JupyterLab: lookAtView,
}

async function pointsOf(visit: Visit, options: VerifyOptions): Promise<readonly Point[]> {
  const seen: Seen = {}
  const points: Point[] = []
  for (const [point, look] of Object.entries(LOOKS)) {
    if (points.some(({ result }) => result === 'fault')) {
      points.push({ point, result: 'not-tried', what: '', seconds: 0 })
      continue
    }
    const begin = performance.now()
    const took = () => (performance.now() - begin) / 1_000
    try {
      const what = await look(visit, seen, options)
      points.push({ point, result: 'ok', what, seconds: took() })
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      points.push({ point, result: 'fault', what, seconds: took() })
    }
  }
  // Nothing of it stays; where that does not work, the point that is to blame has said so.
  if (seen.run !== undefined) await visit.ask('DELETE', `/jobs/${seen.run}?purge`).catch(() => undefined)
  return points
}

async function lookAtHealth(visit: Visit): Promise<string> {
  const { status, json } = await visit.ask('GET', '/health', false)
  const version = json?.get('version')
  if (typeof version !== 'string') throw new Error(`What answers (status ${status}) is no Notebook Runner.`)
  if (status === 200) return `Version ${version} is healthy.`
  const checks = json?.get('checks')
  const down = isObject(checks) ? [...checks].filter(([, is]) => is !== 'up').map(([name]) => name) : []
  throw new Error(`Version ${version} is not healthy: ${down.join(', ')}.`)
}

async function lookAtSignIn(visit: Visit): Promise<string> {
  const nobody = await visit.ask('GET', '/jobs?limit=1&f=json', false)
  if (nobody.status !== 401)
    throw new Error(`Without a token it answers ${nobody.status} in the place of 401.`)
  await visit.expect(200, 'GET', '/jobs?limit=1&f=json')
  return 'Nobody is refused, and the token is taken.'
}

async function lookAtCatalogue(visit: Visit, seen: Seen, options: VerifyOptions): Promise<string> {
  const { json } = await visit.expect(200, 'GET', '/processes?f=json')
  const list = json?.get('processes')
  const processes = Array.isArray(list) ? list.filter(isObject) : []
  const exampleOf = (one: JsonObject) => one.get('example')
  const chosen =
    options.notebook === undefined
      ? (processes.find((one) => typeof exampleOf(one) === 'string') ?? processes[0])
      : processes.find((one) => one.get('id') === options.notebook)
  const id = chosen?.get('id')
  if (chosen === undefined || typeof id !== 'string')
    throw new Error(options.notebook === undefined ? 'It is empty.' : `It has no ${options.notebook}.`)
  const example = exampleOf(chosen)
  const given = options.parameters?.map(([name, value]): [string, string] => [name, value])
  const query = new URLSearchParams(given ?? (typeof example === 'string' ? example : ''))
  query.set('_mode', 'prepare')
  if (options.workspace !== undefined) query.set('_workspace', options.workspace)
  seen.notebook = id
  seen.query = query.toString()
  return `${processes.length} notebooks; ${id} is tried.`
}

async function followLink(visit: Visit, seen: Seen): Promise<string> {
  const path = `/run/notebook/${encodeURIComponent(seen.notebook ?? '')}?${seen.query ?? ''}`
  const { json, location } = await visit.expect(303, 'GET', path)
  const run = json?.get('id')
  if (typeof run !== 'string' || location === undefined) throw new Error('It answers without a run.')
  seen.run = run
  seen.view = new URL(location, `${visit.url}${path}`).href
  return `Run ${run} is prepared in workspace ${String(json?.get('workspace'))}.`
}

async function readNotebook(visit: Visit, seen: Seen): Promise<string> {
  const { json, size } = await visit.expect(200, 'GET', `/jobs/${seen.run}/notebook`)
  if (!Array.isArray(json?.get('cells'))) throw new Error('What is stored is no notebook.')
  return `${size} bytes came back from the storage.`
}

async function lookAtView(visit: Visit, seen: Seen): Promise<string> {
  const path = (seen.view ?? '').slice(visit.url.length)
  const { location } = await visit.expect(302, 'GET', path)
  // A token of the JupyterLab that is ours would be in the query.
  return `The link leads to ${(location ?? '').replace(/[?#].*/s, '')}.`
}

interface Answer {
  readonly status: number
  readonly json: JsonObject | undefined
  readonly location: string | undefined
  readonly size: number
}

/** A program that follows no redirect. */
class Visit {
  readonly url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url
    this.#token = token
  }

  async ask(method: 'GET' | 'DELETE', path: string, signedIn = true): Promise<Answer> {
    const { statusCode, headers, body } = await request(`${this.url}${path}`, {
      method,
      headers: {
        accept: 'application/json, */*;q=0.1',
        ...(signedIn && { authorization: `Bearer ${this.#token}` }),
      },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await body.text()
    const { location } = headers
    return {
      status: statusCode,
      json: jsonObject(text),
      location: typeof location === 'string' ? location : undefined,
      size: Buffer.byteLength(text),
    }
  }

  /** Throws what the service says where the status is another one. */
  async expect(status: number, method: 'GET', path: string): Promise<Answer> {
    const answer = await this.ask(method, path)
    if (answer.status === status) return answer
    const detail = answer.json?.get('detail')
    throw new Error(
      `It answers ${answer.status} in the place of ${status}. ${typeof detail === 'string' ? detail : ''}`.trim(),
    )
  }
}
