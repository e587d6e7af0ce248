import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHttpServer, type TestServer, text } from '../support/http-server.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { notebook } from '../support/notebooks.ts'
import { type TestPostgres, temporaryDataDir, testPostgres } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { useAmbientKeys } from '../support/s3.ts'
import { startLocalRunner } from './local-runner.ts'
import { talk } from './raw-http.ts'

const canary = () => randomBytes(15).toString('hex')

/** What must come out nowhere, each by what it is. */
const SECRETS = {
  'the password of the database': canary(),
  'the signature of the catalogue’s address': canary(),
  'the signature of a notebook’s address': canary(),
  'the secret key of S3': canary(),
  'the session token of S3': canary(),
  'a login in the address of S3': canary(),
  'the signature of a parameter': canary(),
  'a secret under an unknown name': canary(),
}

/** As it is, and in the ways that it could be written down. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    [...bytes].join(','),
    // Base64 of the middle does not depend on what stands before it, by one of three shifts.
    ...[0, 1, 2].map((shift) =>
      bytes
        .subarray(shift, shift + 24)
        .toString('base64')
        .slice(0, 28),
    ),
  ]
}

function expectNone(where: string, seen: string, secrets: Readonly<Record<string, string>>): void {
  for (const [what, secret] of Object.entries(secrets)) {
    for (const spelling of spellings(secret))
      if (seen.includes(spelling)) throw new Error(`${where} holds ${what}, as ${spelling.slice(0, 6)}…`)
  }
}

const flat = async (response: Response) =>
  `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`

let stack: AsyncDisposableStack
let catalogue: TestServer
let postgres: TestPostgres
let issuer: Issuer

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  ;[catalogue, postgres, issuer] = await Promise.all([startHttpServer(), testPostgres(), startIssuer()])
  stack.use(catalogue)
  stack.use(postgres)
  stack.use(issuer)
  const signed = SECRETS['the signature of a notebook’s address']
  const entry = (id: string, file: string) => ({
    id,
    type: 'notebook',
    file,
    inputSpec: { url: 'singleUrl', secret: 'text' },
  })
  const list = [
    entry('good', `good.ipynb?X-Amz-Signature=${signed}`),
    entry('gone', `gone.ipynb?X-Amz-Signature=${signed}`),
    entry('elsewhere', `https://elsewhere.example/x.ipynb?X-Amz-Signature=${signed}`),
    entry('login', `https://user:${signed}@elsewhere.example/x.ipynb`),
    entry('scheme', `ftp://user:${signed}@elsewhere.example/x.ipynb`),
    entry('broken', `broken.ipynb?sig=${signed}`),
  ]
  catalogue.on('/catalogue.json', text(JSON.stringify(list)))
  catalogue.on('/good.ipynb', text(notebook('url = ""')))
  catalogue.on('/broken.ipynb', text('{'))
})
afterAll(() => stack?.disposeAsync())

const settings = () => ({
  CONFIG_URL: `${catalogue.origin}/catalogue.json?X-Amz-Signature=${SECRETS['the signature of the catalogue’s address']}&x=1`,
  IDENTITY: 'oidc',
  OIDC_ISSUER: issuer.url,
  OIDC_AUDIENCE: 'eodhp',
  KERNELS: 'none',
  LOG_LEVEL: 'trace',
  VIEW_URL: 'https://lab.example/{user}/{path}',
})

/** A database of the tests by its URL, with a password that it does not ask for. */
async function databaseUrl(): Promise<string> {
  const database = await postgres.database()
  const [row] = await database.query<{ name: string }>({ text: 'SELECT current_database() AS name' })
  const { user, socketFolder } = postgres.target
  return `postgres://${user}:${SECRETS['the password of the database']}@localhost/${row?.name}?host=${socketFolder}`
}

/** Whatever people and programs ask for, rightly and wrongly, with each of these tokens. */
async function useAll(runner: TestRunner, tokens: readonly string[]): Promise<string[]> {
  const parameter = SECRETS['the signature of a parameter']
  const secret = SECRETS['a secret under an unknown name']
  const good = `url=https://e.org/x?X-Amz-Signature=${parameter}%26a=b`
  const paths = [
    '/',
    '/processes',
    '/processes/good',
    '/processes/broken',
    '/api',
    '/health',
    '/metrics',
    '/nowhere',
    '/processes/%zz',
    '/run/notebook/good',
    ...['gone', 'elsewhere', 'login', 'scheme', 'broken', 'none'].map((id) => `/run/notebook/${id}?${good}`),
    `/view-notebook/good/01890000-0000-7000-8000-000000000000`,
  ]
  const seen: string[] = []
  for (const token of tokens) {
    for (const path of paths) {
      for (const accept of ['application/json', 'text/html']) {
        const headers = { accept, authorization: `Bearer ${token}` }
        seen.push(await flat(await runner.fetch(path, { headers })))
      }
    }
    // These are told what they sent themselves: only the log is looked at.
    for (const query of [
      `url=notaurl-${parameter}`,
      `${good}&access_token=${secret}`,
      `${good}&_x=${secret}`,
      `${good}&user=${secret}`,
      `${good}&_kernel=%0a${secret}`,
    ])
      await runner.fetch(`/run/notebook/good?${query}`, { headers: { authorization: `Bearer ${token}` } })
    await runner.fetch(`/?token=${token}`)
    await runner.fetch(`/processes?access_token=${token}&token=${token}`)
    await runner.fetch('/processes', {
      headers: { authorization: `Basic ${token}`, cookie: `session=${token}` },
    })
    for (const rest of [
      'Bad Header\r\n\r\n',
      `X: ${'a'.repeat(70_000)}\r\n\r\n`,
      'Content-Length: x\r\n\r\n',
    ])
      await talk(
        new URL(runner.url).origin,
        `GET /processes?t=${token} HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n${rest}`,
      )
  }
  return seen
}

describe('secrets come out nowhere', () => {
  it('on disk storage, with a catalogue and a database that have some, at the lowest level of the log', async () => {
    const folder = stack.use(await temporaryDataDir()).path
    const url = await databaseUrl()
    await using runner = await startRunner({
      ...settings(),
      DATA_DIR: folder,
      DATABASE_URL: url,
      STORAGE: 'disk',
    })
    const token = await issuer.mint()
    const expired = await issuer.mint({ claims: { exp: 1 } })
    const forged = `${token.slice(0, -20)}${'A'.repeat(20)}`
    const tokens = [token, expired, forged, canary()]

    const seen = await useAll(runner, tokens)
    const secrets = {
      ...SECRETS,
      ...Object.fromEntries(tokens.map((one, index) => [`token ${index}`, one.split('.').at(-1) ?? one])),
    }
    expectNone('the log', runner.log(), secrets)
    // A form shows a person what the person's link says.
    const { 'the signature of a parameter': parameter, ...others } = secrets
    expectNone('an answer', seen.join('\n'), others)
    for (const answer of seen) expect(answer).not.toMatch(/\/tmp\/|node_modules|at \w+ \(|\.ts:\d/)
    expect(seen.join('\n')).not.toContain(folder)

    // The one place that the parameter is for; nothing else of ours is in it.
    const notebooks = join(folder, 'workspaces/alice-ws/notebooks')
    await runner.fetch(
      `/run/notebook/good?url=https://e.org/x?s=${SECRETS['the signature of a parameter']}`,
      { headers: { authorization: `Bearer ${token}` } },
    )
    const names = await readdir(notebooks)
    expect(names.length).toBeGreaterThan(0)
    const prepared = await Promise.all(names.map((name) => readFile(join(notebooks, name), 'utf8')))
    expect(prepared.join('')).toContain(parameter)
    expectNone('a notebook', prepared.join(''), others)
    expect(prepared.join('')).not.toContain(folder)
  })

  it('where S3 answers with the request and the tokens that it got', async () => {
    const keys = {
      accessKeyId: canary(),
      secretAccessKey: SECRETS['the secret key of S3'],
    }
    const sessionToken = SECRETS['the session token of S3']
    useAmbientKeys(keys)
    const answers = [
      'SignatureDoesNotMatch',
      'ExpiredToken',
      'InvalidToken',
      'InvalidAccessKeyId',
      'AccessDenied',
      'Odd',
    ]
    let next = 0
    // As S3 does: these errors repeat the canonical request, and the token as Token-0.
    const s3 = createServer((request, response) => {
      request.resume().on('end', () => {
        const assuming = request.method === 'POST'
        if (assuming) {
          const expires = new Date(Date.now() + 3_600_000).toISOString()
          response
            .writeHead(200, { 'content-type': 'text/xml' })
            .end(
              `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${canary()}</AccessKeyId><SecretAccessKey>${SECRETS['the secret key of S3']}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
            )
          return
        }
        const code = answers[next++ % answers.length] ?? ''
        const told = JSON.stringify(request.headers)
        response
          .writeHead(403, { 'content-type': 'application/xml', 'x-told': sessionToken })
          .end(
            `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message><Token-0>${sessionToken}</Token-0><CanonicalRequest>${told.replace(/[<>&]/g, '')}</CanonicalRequest><StringToSign>${sessionToken}</StringToSign></Error>`,
          )
      })
    })
    await new Promise<void>((done) => s3.listen(0, '127.0.0.1', done))
    stack.defer(() => void s3.close())
    const port = portOf(s3.address())
    const folder = stack.use(await temporaryDataDir()).path
    await using runner = await startRunner({
      ...settings(),
      DATA_DIR: folder,
      DATABASE_URL: await databaseUrl(),
      STORAGE: 's3',
      S3_CREDENTIALS: 'assume-role',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      STS_ENDPOINT: `http://127.0.0.1:${port}`,
      SINGLEUSER_AWS_REGION: 'eu-west-2',
      SINGLEUSER_AWS_ROLE_ARN: 'arn:aws:iam::000000000000:role/workspace-{workspace}-role',
      SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
    })
    const headers = { authorization: `Bearer ${await issuer.mint()}` }
    const seen: string[] = []
    for (const _ of answers)
      seen.push(await flat(await runner.fetch('/run/notebook/good?url=https://e.org/x', { headers })))
    for (const answer of seen) expect(answer).toMatch(/^502 .*storage-failed/)
    expect(runner.log()).toContain('storage-failed')
    expectNone('the log', runner.log(), SECRETS)
    expectNone('an answer', seen.join('\n'), SECRETS)
  })

  it('by the local user’s token and cookie, which are only where they are given', async () => {
    const token = canary()
    await using local = await startLocalRunner({ RUNNER_TOKEN: token, LOG_LEVEL: 'trace' })
    const cookie = await local.cookie()
    const seal = cookie.split('.').at(-1) ?? cookie
    const seen = await Promise.all(
      [
        '/',
        '/processes',
        '/processes/cog_preview?f=html',
        '/api',
        '/metrics',
        '/nowhere',
        '/?token=wrong',
        '/run/notebook/cog_preview?cog_url=https://e.org/x',
      ].flatMap((path) =>
        [{ cookie }, { authorization: `Bearer ${token}` }].map(async (headers) =>
          flat(await local.runner.fetch(path, { headers })),
        ),
      ),
    )
    expectNone('an answer', seen.join('\n'), { token, seal })
    expectNone('the log', local.runner.log(), { token, seal })
  })

  it('by what is said of a start that fails, or of the settings', { timeout: 120_000 }, async () => {
    const folder = stack.use(await temporaryDataDir()).path
    const password = SECRETS['the password of the database']
    const login = SECRETS['a login in the address of S3']
    const base = { ...settings(), DATA_DIR: folder, RUNNER_TOKEN: canary() }
    const wrong = [
      `postgres://u:${password}@127.0.0.1:1/none`,
      `postgres://u:${password}@127.0.0.1:1/none?sslmode=verify-full&sslrootcert=/none/root.pem`,
      `postgres://u:${password}@${join(folder, 'none')}/none`,
      `postgres://u:${password}@[::1/none`,
      `mysql://u:${password}@127.0.0.1/none`,
      `u:${password}@127.0.0.1/none`,
    ]
    const said: string[] = []
    for (const DATABASE_URL of wrong) {
      const failure = await startRunner({ ...base, DATABASE_URL }).then(
        (runner) => runner[Symbol.asyncDispose]().then(() => 'started'),
        (error: unknown) => (error instanceof Error ? `${error.message}\n${chain(error)}` : ''),
      )
      expect(failure).not.toBe('started')
      said.push(failure)
    }
    for (const command of [['config'], ['serve']]) {
      const env = {
        PATH: process.env['PATH'],
        HOME: folder,
        ...base,
        DATABASE_URL: wrong[0],
        AWS_SECRET_ACCESS_KEY: SECRETS['the secret key of S3'],
        AWS_SESSION_TOKEN: SECRETS['the session token of S3'],
        S3_ENDPOINT: `https://user:${login}@s3.example`,
        STS_ENDPOINT: `ftp://user:${login}@s3.example`,
        OIDC_ISSUER: `https://user:${login}@id.example/realms/x`,
        CONFIG_URL: `ftp://user:${login}@c.example/?X-Amz-Signature=${SECRETS['the signature of the catalogue’s address']}`,
      }
      const main = join(import.meta.dirname, '../../src/main.ts')
      const run = promisify(execFile)(process.execPath, [main, ...command], { env, timeout: 60_000 })
      const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error)
      said.push(stdout, stderr)
      const fine = {
        ...env,
        STS_ENDPOINT: env.S3_ENDPOINT,
        CONFIG_URL: base.CONFIG_URL,
        STORAGE: 's3',
        S3_CREDENTIALS: 'ambient',
        SINGLEUSER_AWS_REGION: 'x',
        SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
      }
      if (command[0] === 'config') {
        const shown = await promisify(execFile)(process.execPath, [main, 'config'], { env: fine })
        expect(shown.stdout).toContain('CONFIG_URL')
        expect(shown.stdout).toContain('s3.example')
        said.push(shown.stdout, shown.stderr)
      }
    }
    expectNone('what is said', said.join('\n'), { ...SECRETS, token: base.RUNNER_TOKEN })
  })
})

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port')
  return address.port
}

/** All that a log would write of an error. */
function chain(error: Error): string {
  const cause = error.cause instanceof Error ? chain(error.cause) : String(error.cause)
  return [error.stack, JSON.stringify(error), JSON.stringify(Object.entries(error)), cause].join('\n')
}
