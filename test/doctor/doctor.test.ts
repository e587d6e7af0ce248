import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DeleteBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAULTS } from '../../src/doctor/faults.ts'
import { runner } from '../cli/command-line.ts'
import { freePorts } from '../support/free-ports.ts'
import { startHttpServer, status, text } from '../support/http-server.ts'
import { startHub } from '../support/hub.ts'
import { startIssuer } from '../support/issuer.ts'
import { temporaryDataDir, testPostgres } from '../support/postgres.ts'
import { targetOf } from '../support/run-worker.ts'
import { type AccessKeys, startS3 } from '../support/s3.ts'

/** A whole platform on this machine, and the settings of a service on it. */
async function platform() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir()).path
  const [issuer, s3, hub, postgres, web] = await Promise.all([
    startIssuer().then((one) => stack.use(one)),
    startS3(['coast', 'no-bucket']).then((one) => stack.use(one)),
    startHub(6, { services: { 'without-tokens': ['servers'] } }).then((one) => stack.use(one)),
    testPostgres().then((one) => stack.use(one)),
    startHttpServer().then((one) => stack.use(one)),
  ])
  await s3.admin.send(new DeleteBucketCommand({ Bucket: 'workspace-no-bucket' }))
  const entry = { type: 'notebook', title: 'One', file: 'one.ipynb' }
  web.on('/catalogue.json', text(JSON.stringify([{ ...entry, id: 'one' }])))
  web.on(
    '/broken.json',
    text(
      JSON.stringify([
        { ...entry, id: 'one' },
        { id: 'two', type: 'notebook' },
      ]),
    ),
  )
  const urlOf = async (database: Awaited<ReturnType<typeof postgres.database>>) => {
    const target = await targetOf(postgres, database)
    if (target.kind !== 'embedded') throw new Error('A socket is expected')
    return `postgresql://${target.user}@localhost/${target.database}?host=${target.socketFolder}`
  }
  const env = {
    PRESET: 'seed',
    PLATFORM_DOMAIN: 'platform.example',
    DATA_DIR: join(folder, 'data'),
    PORT: '0',
    METRICS_PORT: '0',
    OIDC_ISSUER: issuer.url,
    CONFIG_URL: `${web.origin}/catalogue.json`,
    DATABASE_URL: await urlOf(await postgres.database()),
    S3_ENDPOINT: s3.endpoint,
    STS_ENDPOINT: s3.endpoint,
    SINGLEUSER_AWS_REGION: s3.region,
    SINGLEUSER_AWS_ROLE_ARN: s3.roleArn,
    SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
    AWS_ACCESS_KEY_ID: s3.broker.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.broker.secretAccessKey,
    KERNELS: 'hub',
    JUPYTERHUB_API_URL: hub.apiUrl,
    JUPYTERHUB_API_TOKEN: hub.token,
  }
  const open = stack.move()
  return {
    env,
    issuer,
    s3,
    hub,
    web,
    folder,
    emptyDatabase: async () => urlOf(await postgres.emptyDatabase()),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

interface Found {
  readonly check: string
  readonly result: string
  readonly code?: string
  readonly what: string
  readonly todo?: string
}

let real: Awaited<ReturnType<typeof platform>>
beforeAll(async () => {
  real = await platform()
})
afterAll(() => real?.[Symbol.asyncDispose]())

async function examined(change: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const where = args.includes('--workspace') ? args : ['--workspace', 'coast', ...args]
  const { code, stdout, stderr } = await runner(['doctor', '--json', ...where], {
    env: { ...real.env, ...change },
    cwd: real.folder,
  })
  const found: readonly Found[] = JSON.parse(stdout)
  return { code, stderr, found, faults: found.filter(({ result }) => result === 'fault') }
}

/** Settings of a service that uses the storage by its own right. */
const asService = ({ accessKeyId, secretAccessKey }: AccessKeys) => ({
  S3_CREDENTIALS: 'ambient',
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
})

/** Exactly this one fault, which names what is broken and has something to do. */
async function expectFault(
  code: string,
  about: string,
  change: Readonly<Record<string, string>>,
  ...args: string[]
) {
  const { code: exit, faults, stderr } = await examined(change, ...args)
  expect(faults, JSON.stringify(faults)).toMatchObject([{ code, what: expect.stringContaining(about) }])
  expect(faults[0]?.todo).toBe(Object.entries(FAULTS).find(([name]) => name === code)?.[1].todo)
  expect(exit).toBe(1)
  expect(stderr).toMatch(/^error: One check of \d+ found a fault\.\n$/)
}

describe('doctor', () => {
  it('finds no fault where there is none, and tells what it tried', async () => {
    const { code, stderr, found } = await examined({}, '--token', await real.issuer.mint())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const good = found.filter(({ result }) => result === 'ok').map(({ check }) => check)
    for (const check of [
      'settings',
      'issuer',
      'keys of the issuer',
      'token',
      'catalogue',
      'storage of coast',
      'hub',
      'scopes of the hub',
      'database',
      'tables of the database',
      'clock of S3_ENDPOINT',
      'clock of OIDC_ISSUER',
      'clock of JUPYTERHUB_API_URL',
      'DNS of OIDC_ISSUER',
      'port of JUPYTERHUB_API_URL',
      'data folder',
    ])
      expect(good, check).toContain(check)
  })

  it('writes a line for each check, and what to do below', async () => {
    const { code, stdout } = await runner(['doctor', '--workspace', 'no-bucket'], {
      env: real.env,
      cwd: real.folder,
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^FAULT +storage of no-bucket .*workspace-no-bucket/m)
    expect(stdout).toContain('storage of no-bucket (bucket-missing): Make the bucket')
  })

  it('finds wrong settings', () => expectFault('settings-wrong', 'PORT', { PORT: 'x' }))

  it('finds an issuer that is another one', () =>
    expectFault('issuer-differs', real.issuer.url, { OIDC_ISSUER: `${real.issuer.url}/` }))

  it('finds an issuer without discovery', () =>
    expectFault('issuer-no-discovery', '404', {
      OIDC_ISSUER: `${new URL(real.issuer.url).origin}/elsewhere`,
    }))

  it('finds keys that cannot check anything', async () => {
    const keys = real.issuer.keys.splice(0)
    try {
      await expectFault('keys-unusable', 'no key', {})
    } finally {
      real.issuer.keys.push(...keys)
    }
  })

  it('finds a token for somebody else', async () => {
    const token = await real.issuer.mint({ claims: { aud: 'another' } })
    await expectFault('token-refused', 'another service', {}, '--token', token)
  })

  it('finds a closed port', async () => {
    const [port] = await freePorts(1)
    await expectFault('port-closed', `${port}`, { OIDC_ISSUER: `http://127.0.0.1:${port}/realm` })
  })

  it('finds a name that nobody knows', () =>
    expectFault('name-unknown', 'nowhere.invalid', { CONFIG_URL: 'http://nowhere.invalid/c.json' }))

  it('finds a catalogue that is not there, and broken entries by name', async () => {
    await expectFault('catalogue-away', '', { CONFIG_URL: `${real.web.origin}/missing.json` })
    await expectFault('catalogue-broken', 'two', { CONFIG_URL: `${real.web.origin}/broken.json` })
  })

  it('finds a role that is missing', () =>
    expectFault('role-refused', 'workspace-inland-role', {}, '--workspace', 'inland'))

  it('finds a bucket that is missing', () =>
    expectFault('bucket-missing', 'workspace-no-bucket', {}, '--workspace', 'no-bucket'))

  it('finds an action that the role may not do', () =>
    expectFault('action-denied', 's3:PutObject', { SINGLEUSER_WORKSPACE_BUCKET: 'workspaces-{workspace}-x' }))

  it('finds keys that S3 does not know', () =>
    expectFault('keys-missing', 'coast', asService({ ...real.s3.broker, accessKeyId: 'unknown-to-all' })))

  it('finds a scope of the hub that is missing, and a token that is wrong', async () => {
    const JUPYTERHUB_API_TOKEN = real.hub.tokenOf('without-tokens')
    await expectFault('hub-scope', 'tokens', { JUPYTERHUB_API_TOKEN })
    await expectFault('hub-token', '40', { JUPYTERHUB_API_TOKEN: 'wrong' })
  })

  it('finds an address that is no hub', async () => {
    real.web.on('/hub/api/', status(404))
    await expectFault('hub-away', '404', { JUPYTERHUB_API_URL: `${real.web.origin}/hub/api` })
  })

  it('finds a database without its tables', async () => {
    await expectFault('database-schema', 'migrate', { DATABASE_URL: await real.emptyDatabase() })
  })

  it('finds a database that does not let it in', () =>
    expectFault('database-login', 'nosuch', {
      DATABASE_URL: real.env.DATABASE_URL.replace(/\/test_\w+/, '/nosuch'),
    }))

  it('finds a clock that is wrong', async () => {
    const [, , path] = /^(https?:\/\/[^/]+)(.*)$/.exec(real.hub.apiUrl) ?? []
    const late = createServer((request, response) => {
      // The hub itself, but an hour ago.
      fetch(`${new URL(real.hub.apiUrl).origin}${request.url}`, {
        headers: { authorization: request.headers.authorization ?? '' },
      }).then(
        async (answer) => {
          response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString())
          response.writeHead(answer.status).end(await answer.text())
        },
        () => response.destroy(),
      )
    })
    await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve))
    try {
      const address = late.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      const url = `http://127.0.0.1:${address.port}${path}`
      await expectFault('clock-skew', '3600 s behind', { JUPYTERHUB_API_URL: url })
    } finally {
      late.close()
    }
  })

  it('finds a data folder that is a file', async () => {
    const path = join(real.folder, 'file')
    await writeFile(path, '')
    await expectFault('data-folder', path, { DATA_DIR: path })
  })

  it('finds a port that is taken', () =>
    expectFault('port-taken', `${real.web.port}`, { PORT: `${real.web.port}` }))

  it('finds that there is nothing to run notebooks with', async () => {
    await expectFault('kernels-away', '', {
      KERNELS: 'server',
      JUPYTER_SERVER_URL: real.web.origin,
      JUPYTER_SERVER_TOKEN: 'none',
    })
  })
})
