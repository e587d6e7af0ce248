import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import { faultsOf } from '../config/settings.ts'
import { type ApiServer, startApiServer } from './support/api-server.ts'
import { chartFiles } from './support/chart.ts'
import { output } from './support/command.ts'
import { defineResources } from './support/custom-resources.ts'
import { documentedSecret } from './support/documented-secret.ts'
import { ConfigMapObject, Plain, render, Workload } from './support/manifest.ts'
import { goProgram, kubernetesTools } from './support/tools.ts'

const CHART = join(import.meta.dirname, '../../deploy/helm/notebook-runner')
const HOST = ['--set', 'notebookRunner.ingress.host=platform.example']
const KNOWS_ALL = [
  '--api-versions=gateway.networking.k8s.io/v1/HTTPRoute',
  '--api-versions=monitoring.coreos.com/v1',
]

let helm: string
let kubectl: string
let server: ApiServer
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notebook-runner-chart-'))
  helm = await goProgram('helm', 'helm.sh/helm/v3/cmd/helm', 'v3.22.0')
  kubectl = join(await kubernetesTools(), 'kubectl')
  server = await startApiServer()
  await defineResources(server)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const templated = (...args: string[]) => output(helm, ['template', 'runner', CHART, '-n', 'jupyter', ...args])
const objectsOf = (text: string) =>
  parseAllDocuments(text).flatMap((document) => {
    const object: unknown = document.toJS()
    return Value.Check(Plain, object) ? [object] : []
  })

it('the chart is what its source makes of it (npm run chart)', async () => {
  const files = await chartFiles(kubectl, manifest.version)
  const there = (await readdir(CHART, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  expect(there.length).toBe(files.size)
  for (const [name, text] of files) expect(await readFile(join(CHART, name), 'utf8'), name).toBe(text)
})

it('has the objects that kustomize has', async () => {
  // By kustomize what it generates is named by its content, in the chart the job is by its values.
  const named = /-[2456789bcdfghkmt]{10}$|(?<=migrate)-[0-9a-f]{8}$/
  const names = (objects: readonly { kind: string; metadata: { name: string } }[]) =>
    objects.map(({ kind, metadata }) => `${kind} ${metadata.name.replace(named, '')}`).sort()
  expect(names(objectsOf(await templated(...HOST, ...KNOWS_ALL)))).toEqual(
    names(
      (await render(kubectl, 'test')).filter(({ metadata }) => metadata.name !== 'notebook-runner-traces'),
    ),
  )
})

describe('its values', () => {
  it('say image, replicas, host and settings', async () => {
    const text = await templated(
      ...HOST,
      ...KNOWS_ALL,
      '--set=notebookRunner.image=registry.example/runner@sha256:abc',
      '--set=notebookRunner.replicas=3',
      '--set-string=notebookRunner.environment.RUN_TIMEOUT=60',
      '--set-string=notebookRunner.environment.WORKSPACES_DOMAIN=workspaces.example',
    )
    const objects = objectsOf(text)
    const workloads = objects
      .filter((object) => Value.Check(Workload, object))
      .map((one) => Value.Parse(Workload, one))
    expect(workloads.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image))).toEqual(
      Array(3).fill('registry.example/runner@sha256:abc'),
    )
    expect(objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')).toMatchObject({
      spec: { minReplicas: 3, maxReplicas: 9 },
    })
    expect(objects.find(({ metadata }) => metadata.name === 'notebook-runner-worker')).toBeDefined()
    expect(objects.find(({ kind }) => kind === 'HTTPRoute')).toMatchObject({
      spec: { hostnames: ['platform.example'] },
    })
    const maps = objects
      .filter(({ kind }) => kind === 'ConfigMap')
      .map((one) => Value.Parse(ConfigMapObject, one).data)
    const { 'notebook-runner.json': _dashboard, ...settings } = Object.assign({}, ...maps)
    expect(settings).toMatchObject({
      PUBLIC_URL: 'https://platform.example/notebook-runner',
      PLATFORM_DOMAIN: 'platform.example',
      WORKSPACES_DOMAIN: 'workspaces.example',
      RUN_TIMEOUT: '60',
    })
    expect(text).not.toContain('.invalid')
    expect(faultsOf({ ...settings, ...(await documentedSecret()) })).toEqual([])
  })

  it('roll the pods when they change, and make another job', async () => {
    const stamps = async (...args: string[]) =>
      (await templated(...HOST, ...args)).match(
        /notebook-runner\/values: \S+|name: notebook-runner-migrate-\S+/g,
      )
    const [one, other] = [
      await stamps(),
      await stamps('--set-string=notebookRunner.environment.RUN_TIMEOUT=61'),
    ]
    expect(one).toHaveLength(4)
    expect(other?.filter((stamp) => one?.includes(stamp))).toEqual([])
  })

  it('enabled: false is nothing', async () => {
    expect(objectsOf(await templated('--set=notebookRunner.enabled=false', ...KNOWS_ALL))).toEqual([])
  })

  it.each([
    ['no host', [], /Set notebookRunner.ingress.host/],
    [
      'a setting that is misspelt',
      [...HOST, '--set-string=notebookRunner.environment.RUN_TIMEUOT=1'],
      /invalid propertyName 'RUN_TIMEUOT'/,
    ],
    [
      'a secret',
      [...HOST, '--set-string=notebookRunner.environment.DATABASE_URL=x'],
      /invalid propertyName 'DATABASE_URL'/,
    ],
    [
      'a value that is none',
      [...HOST, '--set=notebookRunner.replica=1'],
      /additional properties 'replica' not allowed/,
    ],
  ])('%s is refused', async (_what, args, why) => {
    await expect(templated(...args)).rejects.toThrow(why)
  })
})

it.each([
  ['with the Gateway API', 'HTTPRoute', 'gateway', KNOWS_ALL],
  ['without', 'Ingress', 'ingress-nginx', KNOWS_ALL.slice(1)],
])('is accepted by a real API server, %s', async (_name, way, from, versions) => {
  const text = await templated(...HOST, ...versions)
  const objects = objectsOf(text)
  expect(objects.filter(({ kind }) => kind === 'HTTPRoute' || kind === 'Ingress')).toMatchObject([
    { kind: way },
  ])
  expect(
    objects.find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'notebook-runner-server',
    ),
  ).toMatchObject({
    spec: {
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': from } } }] }],
    },
  })
  const file = join(folder, `${way}.yaml`)
  await writeFile(file, text)
  const how = ['--server-side', '--validate=strict', '--field-manager=helm', '-n', 'jupyter']
  const applied = await server.kubectl('apply', ...how, '-f', file)
  expect(applied.trim().split('\n')).toHaveLength(objects.length)
  await server.kubectl('delete', '--wait=false', '-n', 'jupyter', '-f', file)
})
