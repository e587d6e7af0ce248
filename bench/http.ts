import { join } from 'node:path'
import autocannon from 'autocannon'
import { cpuSeconds, familyCpuSeconds, familyMiB, residentMiB } from './processes.ts'
import { type Service, startServices } from './services.ts'
import { round, table } from './table.ts'

const CATALOGUE = join(import.meta.dirname, 'reference')
const LINK =
  '/run/notebook/ndvi?red_url=https://example.org/B04.tif&nir_url=https://example.org/B08.tif&bbox=10.1,45.2,10.3,45.4&threshold=0.35'
const CONNECTIONS = 8
const SECONDS = 8

interface Measured {
  readonly service: Service['name']
  readonly what: string
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly cpuMs: number
  readonly databaseCpuMs: number
  readonly failed: number
}

/** Prepare and /health, reference and ours in turn, and the memory of ours afterwards. */
export async function benchHttp(): Promise<string> {
  await using services = await startServices()
  const measured: Measured[] = []
  const memory: string[] = []
  // The first start after a change strips the types of the sources and keeps 40 MiB for it; later ones do not.
  await (await services.ours(CATALOGUE))[Symbol.asyncDispose]()
  // Ours first: the reference deletes its temporary files, and ext4 looks at each inode that was freed within the last
  // minutes whenever a file is made near them.
  for (const start of [services.ours, services.reference]) {
    await using service = await start(CATALOGUE)
    const idle = round(residentMiB(service.pid))
    await load(service, services.token, LINK, 2)
    measured.push(await load(service, services.token, LINK, SECONDS))
    const server = `${round(residentMiB(service.pid))} MiB (before: ${idle})`
    const database =
      service.databasePid === undefined ? '' : `, PostgreSQL ${round(familyMiB(service.databasePid))} MiB`
    memory.push(`- ${service.name}: server ${server}${database}`)
    measured.push(await load(service, services.token, '/health', SECONDS))
  }
  const rows = measured.map((one) => [
    one.what,
    one.service,
    round(one.rate, 0),
    `${round(one.rate / rateOfReference(measured, one.what))}×`,
    round(one.p50, 1),
    round(one.p99, 1),
    round(one.cpuMs, 3),
    round(one.databaseCpuMs, 3),
    one.failed,
  ])
  const head = [
    'request',
    'service',
    'requests/s',
    'rate',
    'p50 ms',
    'p99 ms',
    'server CPU ms',
    'database CPU ms',
    'failed',
  ]
  return [
    `## Requests, ${CONNECTIONS} connections, ${SECONDS} s each, keys cached`,
    '',
    table(head, rows),
    '',
    'Memory after the load of prepared notebooks:',
    '',
    ...memory,
  ].join('\n')
}

const rateOfReference = (measured: readonly Measured[], what: string): number =>
  measured.find((other) => other.service === 'reference' && other.what === what)?.rate ?? 0

async function load(service: Service, token: string, path: string, seconds: number): Promise<Measured> {
  const before = cpuSeconds(service.pid)
  const databaseBefore = service.databasePid === undefined ? 0 : familyCpuSeconds(service.databasePid)
  const result = await autocannon({
    url: `${service.url}${path}`,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { authorization: `Bearer ${token}`, accept: '*/*' },
  })
  const requests = result.requests.total
  const databaseAfter = service.databasePid === undefined ? 0 : familyCpuSeconds(service.databasePid)
  return {
    service: service.name,
    what: path.startsWith('/run/') ? 'prepare' : path,
    rate: requests / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpuMs: ((cpuSeconds(service.pid) - before) * 1000) / requests,
    databaseCpuMs: ((databaseAfter - databaseBefore) * 1000) / requests,
    failed: result.errors + result.timeouts + result['4xx'] + result['5xx'],
  }
}
