import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { HubApi } from '../../src/kernel/hub-api.ts'
import { freePorts } from './free-ports.ts'
import { tempFolder } from './temp-folder.ts'

const ROOT = join(import.meta.dirname, '../..')

export const HUB_VERSIONS = [5, 6] as const
export type HubVersion = (typeof HUB_VERSIONS)[number]

/** What the runner needs of a hub, as docs/jupyterhub.md says. */
export const RUNNER_SCOPES: readonly string[] = ['servers', 'tokens']

/** A real JupyterHub below a path, with its proxy, on free ports of 127.0.0.1. */
export interface TestHub extends AsyncDisposable {
  /** With the path, without a slash at its end. */
  readonly url: string
  readonly apiUrl: string
  /** Of the service that is the runner. */
  readonly token: string
  readonly password: string
  readonly api: HubApi
  /** As one of the other services. */
  as(service: string): HubApi
  /** Of one of the other services. */
  tokenOf(service: string): string
  /** As somebody who may do everything; the path begins behind `/hub/api`. */
  admin(method: string, path: string, body?: object): Promise<Response>
  /** Makes people known, as their first login does. */
  addUsers(...names: readonly string[]): Promise<void>
  /** Root of a person's servers on disk. */
  home(user: string): string
  log(): Promise<string>
  /** Stops the hub itself; servers and proxy go on. */
  stopHub(): Promise<void>
  startHub(): Promise<void>
  /** The proxy loses all of its routes. */
  restartProxy(): Promise<void>
}

export interface HubOptions {
  /** Other services than the runner, by name. */
  readonly services?: Readonly<Record<string, readonly string[]>>
  /** The real jupyterhub-idle-culler, as a service of the hub: seconds without activity. */
  readonly cullSeconds?: number
  /** The culler also takes servers of that age, whether they are used or not. */
  readonly maxAgeSeconds?: number
  readonly environment?: Readonly<Record<string, string>>
  /** Where people come back to who sign in to the runner through the hub; everybody may then. */
  readonly redirectUri?: string
  /** Further settings of the hub: traits by their class. */
  readonly traits?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Another JupyterHub than those of the tests. */
  readonly variant?: HubVariant
}

/** It goes on after a Ctrl-C, until it is disposed of. */
export interface HubVariant {
  /** Folder of its programs. */
  readonly bin: string
  readonly config: string
  /** What that configuration is told, once the address of the hub is known. */
  settings(url: string): Readonly<Record<string, unknown>>
  /** For the hub itself. */
  readonly environment: Readonly<Record<string, string>>
}

export async function startHub(version: HubVersion, options: HubOptions = {}): Promise<TestHub> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder()).path
  const { variant } = options
  const bin = variant?.bin ?? join(ROOT, '.cache', `hub-${version}`, 'bin')
  const [port, apiPort, hubPort] = await freePorts(3)
  const [proxyToken, password, adminToken, token] = [secret(), secret(), secret(), secret()]
  const url = `http://127.0.0.1:${port}/notebooks`
  const others = Object.entries(options.services ?? {}).map(
    ([name, scopes]) => [name, { token: secret(), scopes }] as const,
  )
  const services = {
    'notebook-runner': {
      token,
      scopes: RUNNER_SCOPES,
      ...(options.redirectUri !== undefined && {
        more: { oauth_redirect_uri: options.redirectUri, oauth_no_confirm: true },
      }),
    },
    admin: {
      token: adminToken,
      scopes: ['admin:users', 'admin:servers', 'admin:groups', 'tokens', 'list:services'],
    },
    ...Object.fromEntries(others),
    ...(options.cullSeconds !== undefined && {
      culler: {
        token: secret(),
        scopes: ['list:users', 'read:users:activity', 'read:servers', 'delete:servers'],
        more: {
          command: [
            join(bin, 'python'),
            '-m',
            'jupyterhub_idle_culler',
            `--timeout=${options.cullSeconds}`,
            '--cull-every=1',
            `--max-age=${options.maxAgeSeconds ?? 0}`,
          ],
        },
      },
    }),
  }
  const hub = {
    folder,
    url: `${url}/`,
    hubUrl: `http://127.0.0.1:${hubPort}`,
    proxyApi: `http://127.0.0.1:${apiPort}`,
    proxyToken,
    password,
    activitySeconds: 2,
    services,
    roles:
      options.redirectUri === undefined
        ? []
        : [{ name: 'user', scopes: ['self', 'access:services!service=notebook-runner'] }],
    traits: options.traits ?? {},
    environment: {
      JUPYTERHUB_SINGLEUSER_APP: 'jupyter_server.serverapp.ServerApp',
      JUPYTERHUB_ACTIVITY_INTERVAL: '2',
      ...options.environment,
    },
    ...variant?.settings(url),
  }
  const [log, proxyLog] = ['log', 'proxy.log'].map((name) => createWriteStream(join(folder, name)))
  if (log === undefined || proxyLog === undefined) throw new Error('no log')
  await Promise.all([once(log, 'open'), once(proxyLog, 'open')])
  const own = Object.fromEntries(
    ['CONFIG', 'DATA', 'RUNTIME'].map((name) => [`JUPYTER_${name}_DIR`, join(folder, name)]),
  )
  const environment = {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: folder,
    ...own,
    ...variant?.environment,
  }
  const detached = variant !== undefined
  await mkdir(join(folder, 'home'))

  const startProxy = () =>
    run(
      [
        process.execPath,
        join(ROOT, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy'),
        '--ip=127.0.0.1',
        `--port=${port}`,
        '--api-ip=127.0.0.1',
        `--api-port=${apiPort}`,
        `--default-target=http://127.0.0.1:${hubPort}`,
        '--log-level=error',
      ],
      { ...environment, CONFIGPROXY_AUTH_TOKEN: proxyToken },
      folder,
      proxyLog,
      detached,
    )
  const startHubItself = () =>
    run(
      [join(bin, 'jupyterhub'), '-f', variant?.config ?? join(ROOT, 'test/hub/jupyterhub_config.py')],
      { ...environment, HUB: JSON.stringify(hub) },
      folder,
      log,
      detached,
    )
  let proxy = startProxy()
  let itself = startHubItself()
  const admin = (method: string, path: string, body?: object) =>
    fetch(`${url}/hub/api${path}`, {
      method,
      headers: { authorization: `token ${adminToken}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const text = () => readFile(join(folder, 'log'), 'utf8')
  const answers = async () => {
    for (;;) {
      if (itself.exitCode !== null) throw new Error(`JupyterHub does not start: ${await text()}`)
      const status = await admin('GET', '/users').then((answer) => answer.status, String)
      if (status === 200) return
      await timers.setTimeout(50)
    }
  }
  stack.defer(async () => {
    await stopServers(admin).catch(() => undefined)
    await Promise.all([stop(itself), stop(proxy)])
    log.close()
    proxyLog.close()
  })
  await answers()
  const open = stack.move()
  const tokenOf = (name: string) => others.find(([one]) => one === name)?.[1].token ?? ''
  return {
    url,
    apiUrl: `${url}/hub/api`,
    token,
    password,
    api: new HubApi({ url: `${url}/hub/api`, token }),
    as: (name) => new HubApi({ url: `${url}/hub/api`, token: tokenOf(name) }),
    tokenOf,
    admin,
    async addUsers(...names) {
      for (const name of names) await admin('POST', `/users/${name}`)
    },
    home: (user) => join(folder, 'home', user),
    log: text,
    stopHub: () => stop(itself),
    async startHub() {
      itself = startHubItself()
      await answers()
    },
    async restartProxy() {
      await stop(proxy)
      proxy = startProxy()
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function run(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  log: WriteStream,
  detached: boolean,
): ChildProcess {
  return spawn(program, args, { cwd, env, stdio: ['ignore', log, log], detached })
}

/** They outlive their hub. */
async function stopServers(
  admin: (method: string, path: string, body?: object) => Promise<Response>,
): Promise<void> {
  const users: readonly { name: string; servers?: Record<string, unknown> }[] = JSON.parse(
    await (await admin('GET', '/users')).text(),
  )
  const ends = users.flatMap(({ name, servers = {} }) =>
    Object.keys(servers).map(async (server) => {
      const path = `/users/${name}/${server === '' ? 'server' : `servers/${server}`}`
      while ((await admin('DELETE', path)).status === 202) await timers.setTimeout(100)
    }),
  )
  await Promise.all(ends)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(hard)
}

const secret = () => randomBytes(24).toString('hex')
