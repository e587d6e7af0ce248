import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { serverToken } from '../config/command-line.ts'
import { RunnerError } from '../errors.ts'
import { compactJson } from '../notebook/compact-json.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue, parseJson } from '../notebook/json.ts'
import { eventFrom } from '../run/event-json.ts'
import { isTerminal } from '../run/run.ts'
import type { ExecuteOptions } from './execute.ts'
import { type Given, givenParameters } from './papermill-arguments.ts'
import type { PapermillOptions } from './papermill-options.ts'
import { fillPath } from './path-template.ts'
import { ProgressBar } from './progress-bar.ts'
import { warn } from './report.ts'
import { ServerClient } from './server-client.ts'
import { streamCopies } from './stream-copies.ts'
import { untypedValues } from './typed-values.ts'
import { refuseUnwritable, writeOutput } from './write-output.ts'

export interface ServerRunOptions extends PapermillOptions, ExecuteOptions {
  readonly server?: string
  readonly token?: string
  readonly workspace?: string
  readonly stopServer?: boolean
  readonly prepare?: boolean
  readonly allowUndeclared?: boolean
}

/** What only makes sense where the notebook runs on this machine. */
const HERE_ONLY: ReadonlyArray<readonly [option: keyof ServerRunOptions, flag: string, reason: string]> = [
  ['prepare', '--prepare', 'the server executes; its run link prepares'],
  ['allowUndeclared', '--allow-undeclared', 'the server takes what its notebook declares'],
  ['language', '--language', 'the server knows the language of its notebook'],
  ['cwd', '--cwd', 'each run has a folder of its own on the server'],
  ['startTimeout', '--start-timeout', 'the server knows how long its kernels take'],
  ['injectInputPath', '--inject-input-path', 'the server knows the paths'],
  ['injectOutputPath', '--inject-output-path', 'the server knows the paths'],
  ['injectPaths', '--inject-paths', 'the server knows the paths'],
]

/**
 * `notebook-runner run --server`: executes a notebook of a server's catalogue there, shows how far it is, and writes the
 * executed notebook here. Ctrl-C cancels the run and waits for its end. A connection that breaks makes no second run, as
 * the request has a key of its own. Throws `run-failed` where the run fails or is cancelled, the server's own words, and
 * `server-unreachable`.
 */
export async function runOnServer(
  notebookId: string,
  output: string | undefined,
  options: ServerRunOptions,
): Promise<void> {
  refuseWhatIsHere(notebookId, options)
  const given = await givenParameters(options, { input: notebookId, output: output ?? '-' })
  const outputPath = fillPath(output ?? '-', untypedValues(given))
  refuseUnwritable(outputPath)
  const url = serverUrl(options.server ?? '')
  const client = new ServerClient({ url, token: await tokenOf(options, url) })
  using interrupts = onInterrupt()
  const run = await client.json({
    method: 'POST',
    path: `/processes/${encodeURIComponent(notebookId)}/execution`,
    headers: {
      'idempotency-key': randomUUID(),
      prefer: 'respond-async',
      ...(options.stopServer && { 'stop-server': 'yes' }),
    },
    body: compactJson(new Map([['query', queryOf(given, options)]])),
  })
  const job = `/jobs/${encodeURIComponent(textIn(run, 'jobID'))}`
  const end = await watched(client, job, options, interrupts.signal)
  const bytes = await client.bytes({ method: 'GET', path: `${job}/notebook`, headers: { accept: '*/*' } })
  await writeOutput(outputPath, [bytes])
  if (end.state !== 'succeeded')
    throw new RunnerError('run-failed', `${end.message ?? `The run is ${end.state}.`} (${client.url}${job})`)
}

interface End {
  readonly state: string
  readonly message: string | undefined
}

/** Shows the run until its end, and cancels it where the person wants that. */
async function watched(
  client: ServerClient,
  job: string,
  options: ServerRunOptions,
  interrupted: AbortSignal,
): Promise<End> {
  const copies = streamCopies(options)
  const shown = options.progressBar ?? process.stderr.isTTY
  let bar: ProgressBar | undefined
  let done = 0
  let cancelling: Promise<unknown> | undefined
  const cancel = () => {
    warn('The run is being cancelled.')
    cancelling = client.json({ method: 'DELETE', path: job }).catch((error: unknown) => {
      warn(`The run could not be cancelled: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
  if (interrupted.aborted) cancel()
  interrupted.addEventListener('abort', cancel)
  try {
    await client.follow(`${job}/events`, ({ data }) => {
      const json = parseJson(data)
      const event = isObject(json) ? eventFrom(json) : undefined
      if (event?.type === 'output') copies(event.change)
      else if (event?.type === 'note') warn(event.text)
      else if (event?.type === 'progress' && shown) {
        bar ??= new ProgressBar(event.total, (text) => process.stderr.write(text))
        for (; done < event.done; done++) bar.advance()
      }
      return event?.type === 'state' && isTerminal(event.state)
    })
    // A finished run that is dismissed goes out of the history: it is not asked for before the wish is answered.
    await cancelling
    const run = await client.json({ method: 'GET', path: job })
    const message = run.get('message')
    return { state: textIn(run, 'state'), message: typeof message === 'string' ? message : undefined }
  } finally {
    interrupted.removeEventListener('abort', cancel)
    bar?.end()
  }
}

/** Ctrl-C, from before the run is accepted on. The second one leaves at once, whatever becomes of the run. */
function onInterrupt(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const interrupted = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', interrupted).off('SIGTERM', interrupted),
  }
}

function refuseWhatIsHere(notebookId: string, options: ServerRunOptions): void {
  const isPath = /[/\\]|\.ipynb$|^-$|^\.{0,2}$|^[a-z0-9]+:/i.test(notebookId) || existsSync(notebookId)
  if (isPath) {
    const id = basename(notebookId).replace(/\.ipynb$/, '')
    const hint = /^[A-Za-z0-9]/.test(id) ? `, such as ${id}` : ''
    throw new RunnerError(
      'usage',
      `"${notebookId}" is a notebook of this machine, and a server runs those of its catalogue only: name one of them by its id${hint}.`,
    )
  }
  const refused = HERE_ONLY.filter(([option]) => options[option] !== undefined && options[option] !== false)
  if (refused.length === 0) return
  const lines = refused.map(([, flag, reason]) => `${flag} is refused with --server: ${reason}.`)
  throw new RunnerError('usage', lines.join('\n'))
}

function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new RunnerError(
      'usage',
      `--server must be the http(s) address of a Notebook Runner, such as https://runner.example; got "${text.replace(/[?#].*/s, '')}".`,
    )
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    warn('The token goes to that server without encryption: use https.')
  return url.href.replace(/\/+$/, '')
}

/**
 * What a server is asked with: as it is given, else kept by `notebook-runner login`, and renewed however long the run takes.
 * Throws `usage`.
 */
export async function tokenOf(
  { token }: Pick<ServerRunOptions, 'token'>,
  url: string,
): Promise<() => Promise<string>> {
  const given = token ?? serverToken()
  if (given !== undefined) {
    if (/^\S+$/.test(given)) return async () => given
    throw new RunnerError('usage', 'A token has no blanks: set RUNNER_TOKEN, or give --token.')
  }
  const { isLoggedIn, keptToken } = await import('./kept-token.ts')
  if (await isLoggedIn(url)) return () => keptToken(url)
  throw new RunnerError(
    'usage',
    `A token is needed: run \`notebook-runner login ${url}\`, set RUNNER_TOKEN, or give --token.`,
  )
}

/** The limits of a run, as `run` has them too, and what a link calls them. */
const LIMIT_OPTIONS = [
  ['executionTimeout', '_cell_timeout'],
  ['runTimeout', '_run_timeout'],
  ['idleTimeout', '_idle_timeout'],
  ['outputBytes', '_output_bytes'],
] as const

/** The query of a run link that says the same: the server knows the types. */
function queryOf(given: ReadonlyMap<string, Given>, options: ServerRunOptions): string {
  const { workspace, kernel } = options
  const query = new URLSearchParams()
  for (const [name, one] of given) {
    const text = one.kind === 'text' ? one.text : linkText(one.value)
    // A link has no word for null: what is not given is it.
    if (text !== undefined) query.append(name, text)
  }
  if (workspace !== undefined) query.append('_workspace', workspace)
  if (kernel !== undefined) query.append('_kernel', kernel)
  for (const [option, control] of LIMIT_OPTIONS) {
    const number = options[option]
    if (number !== undefined) query.append(control, String(number))
  }
  return query.toString()
}

function linkText(value: JsonValue): string | undefined {
  if (value === null) return undefined
  if (typeof value === 'string') return value
  return value instanceof JsonNumber ? value.raw : compactJson(value)
}

function textIn(json: JsonObject, name: string): string {
  const value = json.get(name)
  if (typeof value === 'string') return value
  throw new RunnerError('server-unreachable', 'The server answered with something else than a run.')
}
