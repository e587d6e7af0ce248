import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiServer, startApiServer } from './support/api-server.ts'
import { output } from './support/command.ts'
import { defineResources } from './support/custom-resources.ts'
import { ENVIRONMENTS, render, Workload } from './support/manifest.ts'
import { kubernetesTools } from './support/tools.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')
/** Only what is handed on as it is. */
const Anything = Type.Object({ spec: Type.Object({ template: Type.Object({ spec: Type.Unknown() }) }) })

let server: ApiServer
let kubectl: string
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notebook-runner-deploy-'))
  kubectl = join(await kubernetesTools(), 'kubectl')
  server = await startApiServer()
  await defineResources(server)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

describe.each(ENVIRONMENTS)('the environment %s', (environment) => {
  it('is accepted whole, under Pod Security restricted', async () => {
    const file = join(folder, `${environment}.yaml`)
    await writeFile(file, await output(kubectl, ['kustomize', join(DEPLOY, 'envs', environment)]))
    const applied = await server.kubectl(
      'apply',
      '--server-side',
      '--validate=strict',
      '--field-manager=notebook-runner',
      '-f',
      file,
    )
    const objects = await render(kubectl, environment)
    expect(applied.trim().split('\n')).toHaveLength(objects.length)
    // A bad template of a Deployment is only warned of: as pods they are held to it.
    const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
    expect(workloads).toHaveLength(3)
    for (const workload of workloads)
      await server.kubectl('apply', '--dry-run=server', '-f', await podOf(workload))
    // The next environment starts from nothing.
    await server.kubectl('delete', '--wait=false', '-f', file)
  })
})

it('is refused where a pod asks for more', async () => {
  const [workload] = (await render(kubectl, 'prod')).filter(({ kind }) => kind === 'Deployment')
  if (workload === undefined) throw new Error('no Deployment')
  const file = await podOf(workload, (pod) => pod.replaceAll('"runAsNonRoot":true', '"runAsNonRoot":false'))
  await expect(server.kubectl('apply', '--dry-run=server', '-f', file)).rejects.toThrow(
    /violates PodSecurity/,
  )
})

async function podOf(workload: object, change = (pod: string) => pod): Promise<string> {
  const { metadata } = Value.Parse(Workload, workload)
  const { spec } = Value.Parse(Anything, workload)
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: metadata.name, namespace: 'jupyter' },
    spec: spec.template.spec,
  }
  const file = join(folder, `${metadata.name}.json`)
  await writeFile(file, change(JSON.stringify(pod)))
  return file
}
