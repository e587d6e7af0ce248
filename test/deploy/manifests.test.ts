import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { VARIABLES } from '../../src/config/env.ts'
import { faultsOf } from '../config/settings.ts'
import { documentedSecret } from './support/documented-secret.ts'
import {
  ConfigMapObject,
  ENVIRONMENTS,
  type Manifest,
  Monitor,
  Policy,
  render,
  Scaled,
  ServiceObject,
  Workload,
} from './support/manifest.ts'
import { kubernetesTools } from './support/tools.ts'

let kubectl: string
beforeAll(async () => {
  kubectl = `${await kubernetesTools()}/kubectl`
})

describe.each(ENVIRONMENTS)('the environment %s', (environment) => {
  let objects: readonly Manifest[]
  beforeAll(async () => {
    objects = await render(kubectl, environment)
  })
  const all = <S extends TSchema>(kind: string, schema: S): Static<S>[] =>
    objects.filter((object) => object.kind === kind).map((object) => Value.Parse(schema, object))
  const workloads = () => [...all('Deployment', Workload), ...all('Job', Workload)]
  const pods = () => workloads().map(({ metadata, spec }) => ({ name: metadata.name, ...spec.template }))
  const named = (name: string) => pods().filter((pod) => pod.name === name)

  it('selects with each selector the pods that it is for, and with none other’s', () => {
    for (const { metadata, spec } of all('Deployment', Workload)) {
      const selected = pods().filter((pod) => selects(spec.selector?.matchLabels ?? {}, pod.metadata.labels))
      expect(selected.map(({ name }) => name)).toEqual([metadata.name])
    }
    const behind = Object.fromEntries(
      all('Service', ServiceObject).map(({ metadata, spec }) => [
        metadata.name,
        pods()
          .filter((pod) => selects(spec.selector, pod.metadata.labels))
          .map(({ name }) => name),
      ]),
    )
    expect(behind).toEqual({
      'notebook-runner': ['notebook-runner'],
      'notebook-runner-metrics': ['notebook-runner', 'notebook-runner-worker'],
    })
  })

  it('names ports that are there, in services, probes, monitors and policies', () => {
    const portsOf = (pod: ReturnType<typeof pods>[number]) =>
      pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name))
    for (const { spec } of all('Service', ServiceObject)) {
      for (const pod of pods().filter((one) => selects(spec.selector, one.metadata.labels)))
        for (const { targetPort } of spec.ports) expect(portsOf(pod)).toContain(targetPort)
    }
    for (const pod of pods()) {
      for (const { startupProbe, livenessProbe, readinessProbe } of pod.spec.containers)
        for (const probe of [startupProbe, livenessProbe, readinessProbe])
          if (probe !== undefined) expect(portsOf(pod)).toContain(probe.httpGet.port)
    }
    for (const { spec } of all('ServiceMonitor', Monitor)) {
      const services = all('Service', ServiceObject).filter(({ metadata }) =>
        selects(spec.selector.matchLabels, metadata.labels ?? {}),
      )
      // By which the alerts tell servers from workers.
      expect(spec.podTargetLabels).toEqual(['app.kubernetes.io/component'])
      expect(services.map(({ metadata }) => metadata.name)).toEqual(['notebook-runner-metrics'])
      for (const { port } of spec.endpoints)
        expect(services.flatMap((service) => service.spec.ports.map(({ name }) => name))).toContain(port)
    }
    for (const { spec } of all('NetworkPolicy', Policy)) {
      for (const pod of pods().filter((one) => selects(spec.podSelector.matchLabels, one.metadata.labels)))
        for (const { port } of (spec.ingress ?? []).flatMap(({ ports }) => ports))
          expect(portsOf(pod)).toContain(port)
    }
  })

  it('probes what tells the truth: alive is not ready', () => {
    for (const name of ['notebook-runner', 'notebook-runner-worker']) {
      const [container] = named(name)[0]?.spec.containers ?? []
      expect(container?.livenessProbe?.httpGet.path).toBe('/livez')
      expect(container?.startupProbe?.httpGet.path).toBe('/livez')
      expect(container?.readinessProbe?.httpGet.path).toBe('/readyz')
    }
  })

  it('lets each pod reach what the code opens, and no metadata service', () => {
    const policies = all('NetworkPolicy', Policy)
    for (const pod of pods()) {
      const out = policies
        .filter(({ spec }) => spec.policyTypes.includes('Egress'))
        .filter(({ spec }) => selects(spec.podSelector.matchLabels, pod.metadata.labels))
        .flatMap(({ spec }) => spec.egress ?? [])
      const ports = out.flatMap((rule) =>
        rule.ports.map(({ port, protocol = 'TCP' }) => `${protocol} ${port}`),
      )
      // Names, HTTPS, PostgreSQL, the hub’s proxy; and the collector where traces are sent.
      const traced = environment === 'test' ? ['TCP 4318'] : []
      const needed = ['UDP 53', 'TCP 53', 'TCP 443', 'TCP 5432', 'TCP 8000', ...traced]
      expect(new Set(ports)).toEqual(new Set(needed))
      for (const { to } of out)
        for (const { ipBlock } of to)
          if (ipBlock !== undefined) expect(ipBlock.except).toContain('169.254.0.0/16')
      const into = policies
        .filter(({ spec }) => spec.policyTypes.includes('Ingress'))
        .filter(({ spec }) => selects(spec.podSelector.matchLabels, pod.metadata.labels))
        .flatMap(({ spec }) => (spec.ingress ?? []).flatMap((rule) => rule.ports.map(({ port }) => port)))
      expect(into.sort()).toEqual(
        pod.name === 'notebook-runner'
          ? ['http', 'metrics']
          : pod.name === 'notebook-runner-worker'
            ? ['metrics']
            : [],
      )
    }
  })

  it('gives settings that exist, and with the documented secret all that its preset and sign-in need', async () => {
    const maps = all('ConfigMap', ConfigMapObject)
    for (const pod of pods()) {
      for (const container of pod.spec.containers) {
        const given = { ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])) }
        for (const from of container.envFrom) {
          if (!('configMapRef' in from)) continue
          const map = maps.find(({ metadata }) => metadata.name === from.configMapRef.name)
          expect(map, from.configMapRef.name).toBeDefined()
          Object.assign(given, map?.data)
        }
        expect(Object.keys(given).filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual([])
        const secret = await documentedSecret()
        expect(faultsOf({ ...given, ...secret })).toEqual([])
        // A browser has a door: people sign in.
        expect(loadConfig({ ...given, ...secret }).config.identity).toMatchObject({
          kind: 'oidc',
          signIn: { clientId: 'notebook-runner' },
        })
        expect(Object.values(given).filter((value) => value.includes('.invalid'))).toEqual([])
      }
    }
  })

  it('has as many workers as the runs that are not over need', () => {
    for (const { spec } of all('ScaledObject', Scaled)) {
      const [{ env = [] } = {}] = named(spec.scaleTargetRef.name)[0]?.spec.containers ?? []
      expect(spec.triggers.map(({ metadata }) => metadata)).toEqual([
        expect.objectContaining({
          query: expect.stringContaining('notebook_runs_unfinished'),
          threshold: env.find(({ name }) => name === 'MAX_CONCURRENT_RUNS')?.value,
        }),
      ])
      const { scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior
      expect(scaleDown.stabilizationWindowSeconds).toBeGreaterThanOrEqual(300)
    }
    expect(all('ScaledObject', Scaled)).toHaveLength(environment === 'prod' ? 1 : 0)
  })

  it('has what a hook of Argo CD refers to before the hook, and servers and workers after it', () => {
    const place = ({ metadata: { annotations = {} } }: Manifest): readonly [number, number] => [
      PHASES.indexOf(annotations['argocd.argoproj.io/hook'] ?? 'Sync'),
      Number(annotations['argocd.argoproj.io/sync-wave'] ?? 0),
    ]
    const isBefore = (one: Manifest, other: Manifest) => {
      const [[phase, wave], [otherPhase, otherWave]] = [place(one), place(other)]
      return phase < otherPhase || (phase === otherPhase && wave < otherWave)
    }
    const hooks = objects.filter(({ metadata }) => metadata.annotations?.['argocd.argoproj.io/hook'])
    expect(hooks.map(({ metadata }) => metadata.name)).toEqual(['notebook-runner-migrate'])
    for (const hook of hooks) {
      const { spec } = Value.Parse(Workload, hook).spec.template
      const maps = spec.containers.flatMap(({ envFrom }) =>
        envFrom.flatMap((from) => ('configMapRef' in from ? [`ConfigMap ${from.configMapRef.name}`] : [])),
      )
      const needed = [`ServiceAccount ${spec.serviceAccountName}`, ...maps]
      const before = objects.filter((one) => isBefore(one, hook)).map(nameOf)
      expect(before).toEqual(
        expect.arrayContaining([
          ...needed,
          'NetworkPolicy notebook-runner-egress',
          'NetworkPolicy notebook-runner-database',
        ]),
      )
      const after = objects.filter((one) => isBefore(hook, one)).map(nameOf)
      expect(after).toEqual(
        expect.arrayContaining(['Deployment notebook-runner', 'Deployment notebook-runner-worker']),
      )
    }
  })

  it('asks nothing of Kubernetes, and says what it takes', () => {
    expect(objects.filter(({ kind }) => /Role|Binding/.test(kind))).toEqual([])
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([])
    for (const pod of pods()) {
      expect(pod.spec.serviceAccountName).toBe('notebook-runner')
      for (const { resources, image } of pod.spec.containers) {
        expect(Object.keys(resources.requests)).toEqual(['cpu', 'memory'])
        expect(resources.limits).toHaveProperty('memory')
        expect(image).toMatch(/eodh-notebook-runner:v\d+\.\d+\.\d+$/)
      }
    }
  })

  it('lets in the namespace that its way in comes from', () => {
    const [way] = objects.filter(({ kind }) => kind === 'HTTPRoute' || kind === 'Ingress')
    const policy = all('NetworkPolicy', Policy).find(
      ({ metadata }) => metadata.name === 'notebook-runner-server',
    )
    const from = way?.kind === 'Ingress' ? 'ingress-nginx' : 'gateway'
    expect(policy?.spec.ingress?.flatMap((rule) => rule.from)).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': from } } },
    ])
    if (way?.kind === 'Ingress')
      expect(way.metadata.annotations).toHaveProperty(['nginx.ingress.kubernetes.io/proxy-buffer-size'])
  })

  it('has one way in, at one host', () => {
    const Route = Type.Object({ spec: Type.Object({ hostnames: Type.Array(Type.String()) }) })
    const Ingress = Type.Object({
      spec: Type.Object({ rules: Type.Array(Type.Object({ host: Type.String() })) }),
    })
    const hosts = [
      ...all('HTTPRoute', Route).flatMap(({ spec }) => spec.hostnames),
      ...all('Ingress', Ingress).flatMap(({ spec }) => spec.rules.map(({ host }) => host)),
    ]
    const [platform] = all('ConfigMap', ConfigMapObject).filter(({ metadata }) =>
      metadata.name.startsWith('platform-config'),
    )
    expect(hosts).toEqual([platform?.data['PLATFORM_DOMAIN']])
  })
})

/** Of a sync of Argo CD, in their order. */
const PHASES = ['PreSync', 'Sync', 'PostSync']

const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`

function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}
