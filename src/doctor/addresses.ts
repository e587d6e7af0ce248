import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Config } from '../config/config.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'

const PATIENCE_MS = 5_000

/** The parts that are spoken to over the network. */
export type Part = 'issuer' | 'catalogue' | 's3' | 'sts' | 'hub' | 'jupyter' | 'database' | 'token-service'

/** An address of the settings. */
export interface Address {
  readonly part: Part
  readonly setting: string
  readonly host: string
  readonly port: number
}

/** Whichever part is of a hub: both have one address. */
export function hubOf({ kernels, identity }: Config): { readonly apiUrl: string } | undefined {
  if (kernels.kind === 'hub') return kernels
  return identity.kind === 'hub' ? identity : undefined
}

/** Whatever the settings name that is elsewhere. */
export function addressesOf(config: Config): readonly Address[] {
  const { identity, catalogue, storage, kernels, database } = config
  const urls: (readonly [part: Part, setting: string, url: string | undefined])[] = [
    ['issuer', 'OIDC_ISSUER', identity.kind === 'oidc' ? identity.issuer : undefined],
    ['catalogue', 'CONFIG_URL', catalogue.kind === 'http' ? catalogue.url : undefined],
    ['hub', 'JUPYTERHUB_API_URL', hubOf(config)?.apiUrl],
    ['jupyter', 'JUPYTER_SERVER_URL', kernels.kind === 'server' ? kernels.url : undefined],
    ['database', 'DATABASE_URL', database.kind === 'url' ? database.url : undefined],
  ]
  if (storage.kind === 's3') {
    const { address, credentials } = storage
    urls.push(['s3', 'S3_ENDPOINT', address.endpoint ?? `https://s3.${address.region}.amazonaws.com`])
    if (credentials.kind === 'token-service')
      urls.push(['token-service', 'S3_TOKEN_SERVICE', credentials.url.replaceAll(/\{\w+\}/g, 'x')])
    else if (credentials.kind !== 'ambient')
      urls.push([
        'sts',
        'STS_ENDPOINT',
        credentials.stsEndpoint ?? `https://sts.${address.region}.amazonaws.com`,
      ])
  }
  return urls.flatMap(([part, setting, text]) => {
    const url = text === undefined ? null : URL.parse(text)
    // A socket of PostgreSQL has no host.
    if (url === null || url.searchParams.has('host')) return []
    const host = url.hostname.replace(/^\[|\]$/g, '')
    return [{ part, setting, host, port: Number(url.port) || defaultPort(url.protocol) }]
  })
}

const defaultPort = (protocol: string) => (protocol === 'https:' ? 443 : protocol === 'http:' ? 80 : 5432)

/** DNS, then the port: whether a part can be spoken to at all. */
export async function checkAddress({ setting, host, port }: Address): Promise<readonly Finding[]> {
  const [dns, tcp] = [`DNS of ${setting}`, `port of ${setting}`]
  try {
    await lookup(host)
  } catch (error) {
    return [
      fault(dns, 'name-unknown', `${host}: ${reasonOf(error)}.`),
      notConcerned(tcp, 'Its host is not known.'),
    ]
  }
  try {
    await opened(host, port)
  } catch (error) {
    return [ok(dns, `${host} is known.`), fault(tcp, 'port-closed', `${host}:${port}: ${reasonOf(error)}.`)]
  }
  return [ok(dns, `${host} is known.`), ok(tcp, `${host}:${port} takes connections.`)]
}

async function opened(host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host, port })
  socket.once('connect', resolve).once('error', reject)
  socket.setTimeout(PATIENCE_MS, () => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)))
  try {
    await promise
  } finally {
    socket.destroy()
  }
}
