import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseAllDocuments } from 'yaml'
import { output } from './command.ts'

export const ENVIRONMENTS = ['dev', 'test', 'prod'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

const DEPLOY = `${import.meta.dirname}/../../../deploy`

const Labels = Type.Record(Type.String(), Type.String())
const Metadata = Type.Object({
  name: Type.String(),
  labels: Type.Optional(Labels),
  annotations: Type.Optional(Labels),
})
export const Plain = Type.Object({ apiVersion: Type.String(), kind: Type.String(), metadata: Metadata })

/** Any object of Kubernetes. What the tests look at more closely has a schema of its own. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** All objects that kustomize makes of an environment. */
export async function render(kubectl: string, environment: Environment): Promise<Manifest[]> {
  const text = await output(kubectl, ['kustomize', `${DEPLOY}/envs/${environment}`])
  return parseAllDocuments(text).map((document) => Value.Parse(Plain, document.toJS()))
}

const Probe = Type.Object({ httpGet: Type.Object({ path: Type.String(), port: Type.String() }) })
const Container = Type.Object({
  name: Type.String(),
  image: Type.String(),
  args: Type.Array(Type.String()),
  ports: Type.Optional(Type.Array(Type.Object({ name: Type.String(), containerPort: Type.Integer() }))),
  env: Type.Optional(Type.Array(Type.Object({ name: Type.String(), value: Type.String() }))),
  envFrom: Type.Array(
    Type.Union([Type.Object({ configMapRef: Metadata }), Type.Object({ secretRef: Metadata })]),
  ),
  startupProbe: Type.Optional(Probe),
  livenessProbe: Type.Optional(Probe),
  readinessProbe: Type.Optional(Probe),
  resources: Type.Object({ requests: Labels, limits: Labels }),
})
const Template = Type.Object({
  metadata: Type.Object({ labels: Labels }),
  spec: Type.Object({
    serviceAccountName: Type.String(),
    automountServiceAccountToken: Type.Literal(false),
    terminationGracePeriodSeconds: Type.Optional(Type.Integer()),
    containers: Type.Array(Container),
  }),
})
export const Workload = Type.Object({
  kind: Type.Union([Type.Literal('Deployment'), Type.Literal('Job')]),
  metadata: Metadata,
  spec: Type.Object({
    selector: Type.Optional(Type.Object({ matchLabels: Labels })),
    template: Template,
  }),
})
export const ServiceObject = Type.Object({
  kind: Type.Literal('Service'),
  metadata: Metadata,
  spec: Type.Object({
    selector: Labels,
    ports: Type.Array(Type.Object({ name: Type.String(), port: Type.Integer(), targetPort: Type.String() })),
  }),
})
const Peer = Type.Object({
  podSelector: Type.Optional(Type.Object({ matchLabels: Labels })),
  namespaceSelector: Type.Optional(Type.Object({ matchLabels: Type.Optional(Labels) })),
  ipBlock: Type.Optional(Type.Object({ cidr: Type.String(), except: Type.Array(Type.String()) })),
})
const Ports = Type.Array(
  Type.Object({
    port: Type.Union([Type.Integer(), Type.String()]),
    protocol: Type.Optional(Type.String()),
  }),
)
export const Policy = Type.Object({
  kind: Type.Literal('NetworkPolicy'),
  metadata: Metadata,
  spec: Type.Object({
    podSelector: Type.Object({ matchLabels: Labels }),
    policyTypes: Type.Array(Type.String()),
    ingress: Type.Optional(Type.Array(Type.Object({ from: Type.Array(Peer), ports: Ports }))),
    egress: Type.Optional(Type.Array(Type.Object({ to: Type.Array(Peer), ports: Ports }))),
  }),
})
export const Monitor = Type.Object({
  kind: Type.Literal('ServiceMonitor'),
  spec: Type.Object({
    selector: Type.Object({ matchLabels: Labels }),
    podTargetLabels: Type.Array(Type.String()),
    endpoints: Type.Array(Type.Object({ port: Type.String(), path: Type.String() })),
  }),
})
export const ConfigMapObject = Type.Object({
  kind: Type.Literal('ConfigMap'),
  metadata: Metadata,
  data: Labels,
})
export const Scaled = Type.Object({
  kind: Type.Literal('ScaledObject'),
  spec: Type.Object({
    scaleTargetRef: Type.Object({ name: Type.String() }),
    advanced: Type.Object({
      horizontalPodAutoscalerConfig: Type.Object({
        behavior: Type.Object({
          scaleDown: Type.Object({ stabilizationWindowSeconds: Type.Integer() }),
        }),
      }),
    }),
    triggers: Type.Array(Type.Object({ metadata: Labels })),
  }),
})
