import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { freePorts } from '../../support/free-ports.ts'
import { output } from './command.ts'
import { debianPackage, kubernetesTools } from './tools.ts'

/** A kube-apiserver with its etcd and Pod Security admission. No controllers: nothing is started. */
export interface ApiServer extends AsyncDisposable {
  /** kubectl on this server. */
  kubectl(...args: string[]): Promise<string>
}

export async function startApiServer(): Promise<ApiServer> {
  const [tools, etcdPackage] = [await kubernetesTools(), await debianPackage('etcd-server')]
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'notebook-runner-kube-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [etcdPort = 0, peerPort = 0, port = 0] = await freePorts(3)
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  stack.defer(
    start(join(etcdPackage, 'usr/bin/etcd'), folder, [
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--logger=zap',
    ]),
  )
  await output('openssl', ['genrsa', '-out', join(folder, 'sa.key'), '2048'])
  const token = randomBytes(16).toString('hex')
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  stack.defer(
    start(join(tools, 'kube-apiserver'), folder, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${folder}/certs`,
      `--service-account-key-file=${folder}/sa.key`,
      `--service-account-signing-key-file=${folder}/sa.key`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${folder}/tokens.csv`,
      '--enable-admission-plugins=PodSecurity',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
    ]),
  )
  const server = `https://127.0.0.1:${port}`
  const kubectl = (...args: string[]) =>
    output(join(tools, 'kubectl'), [
      `--server=${server}`,
      `--token=${token}`,
      '--insecure-skip-tls-verify',
      ...args,
    ])
  const ready = () =>
    kubectl('get', '--raw', '/readyz').then(
      () => true,
      () => false,
    )
  const patience = performance.now() + 120_000
  while (!(await ready())) {
    if (performance.now() > patience) throw new Error('the API server did not become ready')
    await timers.setTimeout(200)
  }
  const open = stack.move()
  return { kubectl, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** @returns what stops it */
function start(program: string, cwd: string, args: readonly string[]): () => Promise<void> {
  const child = spawn(program, [...args], { cwd, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return async () => {
    child.kill('SIGKILL')
    await ended
  }
}
