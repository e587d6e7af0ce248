import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { freePort } from '../support/free-ports.ts'
import type { realm } from './realm.ts'

const COMMAND = join(import.meta.dirname, '../../.cache/keycloak/bin/kc.sh')
const PATIENCE_MS = 300_000

export interface Keycloak extends AsyncDisposable {
  /** Of a realm called so, whether it is there yet or not. */
  issuer(name: string): string
  /** Settled once it answers. */
  readonly ready: Promise<void>
  createRealm(description: ReturnType<typeof realm>): Promise<void>
  /** As its administrator; the path begins behind `/auth/admin`. */
  admin(method: string, path: string, body?: object): Promise<Response>
  /** It is gone until it is started again, where it was and with what it had. */
  stop(): Promise<void>
  restart(): Promise<void>
}

/** Begins to start a real Keycloak on a free port of 127.0.0.1, @param folder for its log and its data */
export async function startKeycloak(folder: string): Promise<Keycloak> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/auth`
  const password = randomBytes(24).toString('base64url')
  const path = join(folder, 'keycloak.log')
  const log = openSync(path, 'a')
  const begin = () => {
    const child = spawn(
      COMMAND,
      [
        'start',
        '--optimized',
        '--http-enabled=true',
        '--http-host=127.0.0.1',
        `--http-port=${port}`,
        `--hostname=${url}`,
        `--db-url=jdbc:h2:file:${join(folder, 'keycloak')};NON_KEYWORDS=VALUE`,
        '--log-level=warn',
      ],
      {
        stdio: ['ignore', log, log],
        // Ctrl-C is for us: we stop it.
        detached: true,
        env: {
          ...process.env,
          KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
          KC_BOOTSTRAP_ADMIN_PASSWORD: password,
          JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
          // It lives for minutes: what is compiled well is compiled for nothing.
          JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
        },
      },
    )
    return { child, ready: answers(child, `${url}/realms/master`, path) }
  }
  let current = begin()
  const stop = () => end(current.child)
  const { ready } = current
  // Whoever waits for it hears of it; until then there may be nobody.
  ready.catch(() => undefined)
  const admin = async (method: string, address: string, body?: object) =>
    fetch(`${url}/admin${address}`, {
      method,
      headers: {
        authorization: `Bearer ${await adminToken(url, password)}`,
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return {
    issuer: (name) => `${url}/realms/${name}`,
    ready,
    admin,
    async createRealm(description) {
      const answer = await admin('POST', '/realms', description)
      if (answer.status !== 201) throw new Error(`Keycloak refuses the realm: ${await answer.text()}`)
    },
    stop,
    async restart() {
      current = begin()
      await current.ready
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function answers(child: ChildProcess, url: string, log: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline && child.exitCode === null) {
    const status = await fetch(url).then((answer) => answer.status, String)
    if (status === 200) return
    await timers.setTimeout(250)
  }
  throw new Error(`Keycloak does not start: ${readFileSync(log, 'utf8').slice(-2000)}`)
}

async function adminToken(url: string, password: string): Promise<string> {
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'admin',
      password,
    }),
  })
  const said: unknown = await answer.json()
  if (typeof said !== 'object' || said === null || !('access_token' in said))
    throw new Error(`Keycloak does not know its own administrator: ${JSON.stringify(said)}`)
  return String(said.access_token)
}

/** The command is a script, and Keycloak a child of it: both are one group. What it was told is on disk by then. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await ended
}
