import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { isMap, isScalar, parseAllDocuments, parseDocument, stringify, visit } from 'yaml'
import { SECRETS, VARIABLES } from '../../../src/config/env.ts'
import { output } from './command.ts'

const DEPLOY = join(import.meta.dirname, '../../../deploy')
/** Stands in the manifests wherever an environment has to name its own host. */
const UNNAMED = /(?:platform|workspaces)\.invalid/
const HOST =
  'required "Set notebookRunner.ingress.host to the host of the platform." $.Values.notebookRunner.ingress.host'
const IMAGE = '$.Values.notebookRunner.image'
const REPLICAS = '$.Values.notebookRunner.replicas'
const ENVIRONMENT = '$.Values.notebookRunner.environment'
const GATEWAY = '.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1/HTTPRoute"'
const OPERATOR = '.Capabilities.APIVersions.Has "monitoring.coreos.com/v1"'

const Source = Type.Object({ kind: Type.String(), metadata: Type.Object({ name: Type.String() }) })
const ConfigMap = Type.Object({ data: Type.Record(Type.String(), Type.String()) })

/**
 * The files of the Helm chart, by name, made of what kustomize makes of `deploy/helm`: there is no template that is written
 * by hand. Values are those of the first design.
 * @param version of the project
 */
export async function chartFiles(kubectl: string, version: string): Promise<ReadonlyMap<string, string>> {
  const rendered = await output(kubectl, ['kustomize', join(DEPLOY, 'helm')])
  const ingress = await readFile(join(DEPLOY, 'components/ingress/ingress.yaml'), 'utf8')
  const objects = parseAllDocuments(`${rendered}\n---\n${ingress}`).map((document) => {
    const { kind, metadata } = Value.Parse(Source, document.toJS())
    return { kind, name: metadata.name.replace(HASH, ''), text: document.toString() }
  })
  const given = new Map(
    objects
      .filter(({ kind, name }) => isSettings(kind, name))
      .flatMap(({ text }) => Object.entries(Value.Parse(ConfigMap, parseDocument(text).toJS()).data)),
  )
  const environment = Object.fromEntries([...given].filter(([, value]) => !UNNAMED.test(value)))
  const [, image = ''] = /image: (\S+)/.exec(rendered) ?? []
  const templates = objects.map(
    (object) =>
      [
        `templates/${object.kind.toLowerCase()}-${object.name}.yaml`,
        template(object, [...given.keys()]),
      ] as const,
  )
  return new Map([
    [
      'Chart.yaml',
      HEADER + stringify({ apiVersion: 'v2', name: 'notebook-runner', version, appVersion: version }),
    ],
    ['values.yaml', valuesFile(image, environment)],
    ['values.schema.json', `${JSON.stringify(schema(), undefined, 2)}\n`],
    ...templates,
  ])
}

interface SourceObject {
  readonly kind: string
  readonly name: string
  readonly text: string
}

const isSettings = (kind: string, name: string): boolean =>
  kind === 'ConfigMap' && (name === 'platform-config' || name === 'notebook-runner-config')

const HEADER =
  '# Made by `npm run chart` of deploy/helm/kustomization.yaml and what it names: change those.\n'
/** What kustomize adds to the names of what it generates. */
const HASH = /-[2456789bcdfghkmt]{10}$/

function valuesFile(image: string, environment: Readonly<Record<string, string>>): string {
  const values = {
    notebookRunner: { enabled: true, image, replicas: 2, ingress: { host: '' }, environment },
  }
  const says = {
    image: ' With its tag or digest.',
    replicas:
      ' Of the server at least, and of the worker; the autoscaler has up to three times as many servers.',
    ingress: ' The host of the platform: an HTTPRoute where the cluster knows those, otherwise an Ingress.',
    environment:
      ' Settings by name (docs/settings.md). Those that name the host are made from it where they are not set. Secrets are\n in the secret `notebook-runner`: DATABASE_URL, SESSION_SECRET, JUPYTERHUB_API_TOKEN, and OIDC_CLIENT_SECRET of a client that has one.',
  }
  const document = parseDocument(stringify(values))
  const runner = document.get('notebookRunner')
  if (!isMap(runner)) throw new Error('no values')
  for (const { key } of runner.items)
    if (isScalar(key) && typeof key.value === 'string')
      key.commentBefore = Object.entries(says).find(([name]) => name === key.value)?.[1] ?? null
  return HEADER + document.toString()
}

/** A setting that is misspelt, or that is a secret, is refused before anything is applied. */
function schema(): object {
  const settings = Object.keys(VARIABLES).filter((name) => ![...SECRETS].some((secret) => secret === name))
  const object = (properties: object) => ({ type: 'object', properties, additionalProperties: false })
  return object({
    notebookRunner: object({
      enabled: { type: 'boolean' },
      image: { type: 'string', minLength: 1 },
      replicas: { type: 'integer', minimum: 1 },
      ingress: object({ host: { type: 'string' } }),
      environment: {
        type: 'object',
        propertyNames: { enum: settings },
        additionalProperties: { type: 'string' },
      },
    }),
    global: { type: 'object' },
  })
}

/** One object as a template. What Helm fills in is put in the place of marks, so that the YAML stays whole meanwhile. */
function template({ kind, name, text }: SourceObject, given: readonly string[]): string {
  const marks: string[] = []
  const mark = (filling: string) => `@@${marks.push(filling) - 1}@@`
  const document = parseDocument(text)
  document.deleteIn(['metadata', 'namespace'])
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'string') return
      const plain = node.value.replace(HASH, '')
      const value = /^[a-z-]+$/.test(plain) ? plain : node.value
      node.value = kind === 'ConfigMap' ? value : value.replace(UNNAMED, () => mark(HOST))
    },
  })
  if (kind === 'Deployment' || kind === 'Job') {
    const pod = ['spec', 'template']
    document.setIn([...pod, 'spec', 'containers', 0, 'image'], mark(IMAGE))
    document.setIn(
      [...pod, 'metadata', 'annotations', 'notebook-runner/values'],
      mark(`toJson $.Values.notebookRunner | sha256sum | trunc 16 | quote`),
    )
  }
  if (kind === 'Deployment' && document.hasIn(['spec', 'replicas']))
    document.setIn(['spec', 'replicas'], mark(REPLICAS))
  // The template of a job cannot be changed: one with other values is another job.
  if (kind === 'Job')
    document.setIn(
      ['metadata', 'name'],
      `notebook-runner-migrate-${mark('toJson $.Values.notebookRunner | sha256sum | trunc 8')}`,
    )
  if (kind === 'HorizontalPodAutoscaler') {
    document.setIn(['spec', 'minReplicas'], mark(REPLICAS))
    document.setIn(['spec', 'maxReplicas'], mark(`mul 3 ${REPLICAS}`))
  }
  // The one that the way in comes from.
  if (kind === 'NetworkPolicy' && name === 'notebook-runner-server')
    document.setIn(
      [...'spec ingress 0 from 0 namespaceSelector matchLabels'.split(' '), 'kubernetes.io/metadata.name'],
      mark(`ternary "gateway" "ingress-nginx" (${GATEWAY})`),
    )
  if (isSettings(kind, name)) settings(document, mark)
  // Prometheus and Grafana have such braces too.
  const whole = document.toString({ lineWidth: 0 }).replaceAll('{{', '{{ "{{" }}')
  const filled = whole.replace(/(["']?)@@(\d+)@@\1/g, (_, _quote, at) => `{{ ${marks[Number(at)]} }}`)
  // What else is set is the runner's.
  const names = given.map((one) => `"${one}"`).join(' ')
  const rest = `{{- range $name, $value := omit ${ENVIRONMENT} ${names} }}\n  {{ $name }}: {{ $value | quote }}\n{{- end }}\n`
  const body = name === 'notebook-runner-config' ? filled.replace(/^data:\n/m, `data:\n${rest}`) : filled
  return `${HEADER}{{- if ${conditionOf(kind)} }}\n${body}{{- end }}\n`
}

function conditionOf(kind: string): string {
  const enabled = '.Values.notebookRunner.enabled'
  if (kind === 'HTTPRoute') return `and ${enabled} (${GATEWAY})`
  if (kind === 'Ingress') return `and ${enabled} (not (${GATEWAY}))`
  if (kind === 'ServiceMonitor' || kind === 'PrometheusRule') return `and ${enabled} (${OPERATOR})`
  return enabled
}

/** Each key of the source: as it is set, or made from the host. */
function settings(document: ReturnType<typeof parseDocument>, mark: (filling: string) => string): void {
  for (const [key, value] of Object.entries(Value.Parse(ConfigMap, document.toJS()).data)) {
    const [before = '', after] = value.split(UNNAMED)
    const made = after === undefined ? JSON.stringify(value) : `printf "${before}%s${after}" (${HOST})`
    document.setIn(['data', key], mark(`get ${ENVIRONMENT} "${key}" | default (${made}) | quote`))
  }
}
