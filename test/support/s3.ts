import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePorts } from './free-ports.ts'

export interface AccessKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A running S3 and STS that enforces roles and policies. */
export interface TestS3 {
  readonly endpoint: string
  readonly region: string
  /** The same for the person of a workspace. */
  readonly webRoleArn: string
  /** `arn:…{workspace}…`: each role may use its own bucket, and its own prefix of the shared one. */
  readonly roleArn: string
  /** The same, of roles that read and do not write. */
  readonly readerArn: string
  readonly sharedBucket: string
  /** May assume the roles, and nothing else. */
  readonly broker: AccessKeys
  /** May do nothing. */
  readonly mallory: AccessKeys
  readonly adminKeys: AccessKeys
  /** Sees and does all. */
  readonly admin: S3Client
  /** It is gone until it is started again, where it was and with what it had. */
  stop(): Promise<void>
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const WEED = join(import.meta.dirname, '../../.venv-oracle/bin/weed')
const ACCOUNT = '000000000000'
const SHARED = 'workspaces-shared'
const KEY = randomBytes(32).toString('hex')
const VERSION = '2012-10-17'

/** An issuer that STS trusts, and whose token opens which workspace. */
export interface WebIdentity {
  readonly issuer: string
  readonly audience: string
  /** Subject by workspace. */
  readonly people: Readonly<Record<string, string>>
}

/** SeaweedFS with fresh keys, a bucket `workspace-{workspace}` and a role for each workspace, and a shared bucket. */
export async function startS3(workspaces: readonly string[], webIdentity?: WebIdentity): Promise<TestS3> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-s3-'))
  const [adminKeys, broker, mallory] = [keys(), keys(), keys()]
  const identities = [
    {
      name: 'admin',
      credentials: [named(adminKeys)],
      actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
    },
    { name: 'broker', credentials: [named(broker)], actions: [] },
    { name: 'mallory', credentials: [named(mallory)], actions: [] },
  ]
  await writeFile(join(folder, 's3.json'), JSON.stringify({ identities }))
  await writeFile(join(folder, 'iam.json'), JSON.stringify(iam(workspaces, webIdentity)))
  let { child, ports } = await start(folder)
  const endpoint = `http://127.0.0.1:${ports.s3}`
  const region = 'eu-west-2'
  const admin = new S3Client({ endpoint, region, forcePathStyle: true, credentials: adminKeys })
  const dispose = async () => {
    admin.destroy()
    await stop(child)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    for (const bucket of [...workspaces.map((one) => `workspace-${one}`), SHARED]) {
      await admin.send(new CreateBucketCommand({ Bucket: bucket }))
    }
  } catch (error) {
    await dispose()
    throw error
  }
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/workspace-{workspace}-role`
  return {
    endpoint,
    region,
    roleArn,
    webRoleArn: `arn:aws:iam::${ACCOUNT}:role/people-{workspace}-role`,
    readerArn: `arn:aws:iam::${ACCOUNT}:role/reader-{workspace}-role`,
    sharedBucket: SHARED,
    broker,
    mallory,
    adminKeys,
    admin,
    stop: () => stop(child),
    async restart() {
      child = spawnServer(folder, ports)
      if (!(await answers(child, ports))) throw new Error('SeaweedFS does not start again')
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** Makes the keys those that the AWS SDK finds by itself. */
export function useAmbientKeys({ accessKeyId, secretAccessKey }: AccessKeys): void {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
}

function keys(): AccessKeys {
  return { accessKeyId: randomBytes(10).toString('hex'), secretAccessKey: randomBytes(20).toString('hex') }
}

function named({ accessKeyId, secretAccessKey }: AccessKeys) {
  return { accessKey: accessKeyId, secretKey: secretAccessKey }
}

function iam(workspaces: readonly string[], web: WebIdentity | undefined) {
  return {
    sts: {
      tokenDuration: '1h',
      maxSessionLength: '12h',
      issuer: 'seaweedfs-sts',
      signingKey: randomBytes(32).toString('base64'),
      accountId: ACCOUNT,
    },
    policy: { defaultEffect: 'Deny', storeType: 'memory' },
    ...(web !== undefined && {
      providers: [
        {
          name: 'people',
          type: 'oidc',
          enabled: true,
          config: { issuer: web.issuer, clientId: web.audience, jwksUri: `${web.issuer}/certs` },
        },
      ],
    }),
    roles: [
      ...Object.entries(web?.people ?? {}).map(webRole),
      ...workspaces.flatMap((workspace) => [
        brokerRole('workspace', workspace, workspace),
        brokerRole('reader', workspace, `reader-${workspace}`),
      ]),
    ],
    policies: workspaces.flatMap((workspace) => [
      policy(workspace, workspace, ['s3:GetObject', 's3:PutObject', 's3:DeleteObject']),
      policy(`reader-${workspace}`, workspace, ['s3:GetObject']),
    ]),
  }
}

function policy(name: string, workspace: string, actions: readonly string[]) {
  const Resource = [`arn:aws:s3:::workspace-${workspace}/*`, `arn:aws:s3:::${SHARED}/${workspace}/*`]
  const list = {
    Effect: 'Allow',
    Action: ['s3:ListBucket'],
    Resource: [`arn:aws:s3:::workspace-${workspace}`],
  }
  return {
    name,
    document: { Version: VERSION, Statement: [{ Effect: 'Allow', Action: actions, Resource }, list] },
  }
}

/** For the service, by its own right. */
function brokerRole(kind: 'workspace' | 'reader', workspace: string, policyName: string) {
  return role(`${kind}-${workspace}-role`, policyName, {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/broker` },
    Action: ['sts:AssumeRole'],
  })
}

/** For the person who brings a token. */
function webRole([workspace, subject]: readonly [string, string]) {
  return role(`people-${workspace}-role`, workspace, {
    Effect: 'Allow',
    Principal: { Federated: 'people' },
    Action: ['sts:AssumeRoleWithWebIdentity'],
    Condition: { StringEquals: { 'oidc:sub': subject } },
  })
}

function role(name: string, policy: string, statement: object) {
  return {
    roleName: name,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
    trustPolicy: { Version: VERSION, Statement: [statement] },
    attachedPolicies: [policy],
  }
}

type Ports = Readonly<Record<(typeof SERVERS)[number], number>>

const SERVERS = ['master', 'masterRpc', 'volume', 'volumeRpc', 'filer', 'filerRpc', 's3', 's3Rpc'] as const

/** Ports are free when looked for; should another program be quicker, other ones are tried. */
async function start(folder: string): Promise<{ child: ChildProcess; ports: Ports }> {
  for (let attempt = 1; ; attempt++) {
    const [master = 0, masterRpc = 0, volume = 0, volumeRpc = 0, filer = 0, filerRpc = 0, s3 = 0, s3Rpc = 0] =
      await freePorts(SERVERS.length)
    const ports = { master, masterRpc, volume, volumeRpc, filer, filerRpc, s3, s3Rpc }
    const child = spawnServer(folder, ports)
    if (await answers(child, ports)) return { child, ports }
    await stop(child)
    if (attempt === 3)
      throw new Error(`SeaweedFS does not start: ${(await readFile(logIn(folder), 'utf8')).slice(-2000)}`)
  }
}

const logIn = (folder: string) => join(folder, 'weed.log')

function spawnServer(folder: string, ports: Ports): ChildProcess {
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      'log=$1; shift; exec "$@" >>"$log" 2>&1',
      'sh',
      logIn(folder),
      WEED,
      ...['-logtostderr=true', 'server', `-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1'],
      ...[`-master.port=${ports.master}`, `-master.port.grpc=${ports.masterRpc}`],
      '-master.volumeSizeLimitMB=64',
      ...[`-volume.port=${ports.volume}`, `-volume.port.grpc=${ports.volumeRpc}`, '-volume.max=50'],
      ...['-filer', `-filer.port=${ports.filer}`, `-filer.port.grpc=${ports.filerRpc}`],
      ...['-s3', `-s3.port=${ports.s3}`, `-s3.port.grpc=${ports.s3Rpc}`],
      ...['-s3.port.iceberg=0', '-s3.port.lance=0'],
      ...[`-s3.config=${folder}/s3.json`, `-s3.iam.config=${folder}/iam.json`],
    ],
    // Without a key of its own it refuses objects that ask for encryption.
    { stdio: 'ignore', env: { ...process.env, WEED_S3_SSE_KEK: KEY } },
  )
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  return child
}

/** Both answer with 200: S3 does so early, the master only when it has a volume to write to. */
async function answers(child: ChildProcess, { s3, master }: Ports): Promise<boolean> {
  const urls = [`http://127.0.0.1:${s3}/healthz`, `http://127.0.0.1:${master}/dir/assign`]
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline && child.exitCode === null) {
    const all = await Promise.all(urls.map((url) => fetch(url).catch(() => undefined)))
    if (all.every((answer) => answer?.ok === true)) return true
    await timers.setTimeout(50)
  }
  return false
}

/** It holds no data worth a clean stop, which takes it many seconds. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
