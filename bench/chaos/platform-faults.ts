import { mkdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import { startHub } from '../../test/support/hub.ts'
import { type Issuer, issuerKey, startIssuer } from '../../test/support/issuer.ts'
import { listening } from '../../test/support/listening.ts'
import { startS3 } from '../../test/support/s3.ts'
import type { ServiceFolder } from '../../test/support/service-process.ts'
import type { Fault, Ground } from './faults.ts'
import type { Fleet } from './fleet.ts'

const SPREAD_MS = 9_000
const CLAIMS = { sub: 'sub-local', preferred_username: 'local', workspaces: ['local'] }

/** Faults of the platform around the services: who signs people in, who gives keys to S3, who starts servers. */
export const PLATFORM_FAULTS: readonly Fault[] = [
  {
    name: 'the issuer away for thirty seconds',
    excuses: [],
    prepare: async () =>
      withIssuer(async (fleet, issuer) => {
        await fleet.moment(SPREAD_MS)
        const stranger = await issuerKey('RS256')
        issuer.fault = (response) => response.destroy()
        const end = performance.now() + 30_000
        while (performance.now() < end) {
          await fleet.expect('/jobs', 200)
          // Whether it is a key of the issuer nobody can tell now.
          await fleet.expect('/jobs', 503, await issuer.mint({ claims: CLAIMS, key: stranger }))
          await pause(100)
        }
        issuer.fault = undefined
      }),
  },
  {
    name: 'the issuer’s keys changed twice under load',
    excuses: [],
    prepare: async () =>
      withIssuer(async (fleet, issuer) => {
        const over = new AbortController()
        const load = Array.from({ length: 8 }, async () => {
          while (!over.signal.aborted) await fleet.expect('/jobs', 200)
        })
        for (let time = 0; time < 2; time++) {
          await fleet.moment(SPREAD_MS)
          issuer.keys.unshift(await issuerKey('RS256'))
          // Longer than a key that nobody knows is looked for again.
          await pause(31_000)
          issuer.keys.splice(1)
        }
        over.abort()
        await Promise.all(load)
      }),
  },
  {
    name: 'an STS that throttles for thirty seconds, and gives short keys',
    excuses: [],
    prepare: async () => throttledSts(),
  },
  {
    name: 'JupyterHub away for twenty seconds',
    excuses: [],
    prepare: async (folder) => withHub(folder),
  },
]

async function withIssuer(strike: (fleet: Fleet, issuer: Issuer) => Promise<void>): Promise<Ground> {
  const issuer = await startIssuer()
  return {
    env: {
      IDENTITY: 'oidc',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'eodhp',
      KERNELS: 'local-shared',
      // What is tried here is whether a request is let in, not how many.
      MAX_REQUESTS: '0',
    },
    token: () => issuer.mint({ claims: CLAIMS }),
    strike: (fleet) => strike(fleet, issuer),
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  }
}

/** A real S3 and STS; on the way to STS each answer is one of somebody who is asked too often, for a while. */
async function throttledSts(): Promise<Ground> {
  await using stack = new AsyncDisposableStack()
  const s3 = stack.use(await startS3(['local']))
  let throttled = false
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    if (throttled) {
      outgoing.writeHead(400, { 'content-type': 'text/xml' })
      return outgoing.end(
        '<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
      )
    }
    const { authorization, host, ...others } = incoming.headers
    const answer = await request(`${s3.endpoint}${incoming.url}`, {
      method: 'POST',
      headers: { ...others, ...(authorization && { authorization }), ...(host && { host }) },
      body: Buffer.concat(chunks),
    })
    // Within five minutes of their end keys are asked for again, so that every notebook needs new ones.
    const soon = new Date(Date.now() + 240_000).toISOString()
    const body = (await answer.body.text()).replace(/<Expiration>[^<]*/, `<Expiration>${soon}`)
    return outgoing.writeHead(answer.statusCode, { 'content-type': 'text/xml' }).end(body)
  })
  const port = await listening(server)
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const parts = stack.move()
  return {
    env: {
      STORAGE: 's3',
      S3_CREDENTIALS: 'assume-role',
      S3_ENDPOINT: s3.endpoint,
      STS_ENDPOINT: `http://127.0.0.1:${port}`,
      SINGLEUSER_AWS_REGION: s3.region,
      SINGLEUSER_AWS_ROLE_ARN: s3.roleArn,
      SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
      VIEW_URL: 'https://lab.example/{path}',
      AWS_ACCESS_KEY_ID: s3.broker.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.broker.secretAccessKey,
    },
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      throttled = true
      await pause(30_000)
      throttled = false
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** A real JupyterHub; the person's own server goes on while the hub is away. */
async function withHub(folder: ServiceFolder): Promise<Ground> {
  const hub = await startHub(5)
  await hub.addUsers('local')
  // What cells leave is looked for where a child Jupyter server would leave it.
  const runs = join(hub.home('local'), 'runs')
  await mkdir(runs, { recursive: true })
  await mkdir(join(folder.path, 'workspaces/local'), { recursive: true })
  await symlink(runs, join(folder.path, 'workspaces/local/runs'))
  return {
    env: {
      KERNELS: 'hub',
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_API_TOKEN: hub.token,
      VIEW_URL: 'https://lab.example/{path}',
    },
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      await hub.stopHub()
      await pause(20_000)
      await hub.startHub()
    },
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  }
}
