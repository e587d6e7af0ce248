import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHANNELS = ['shell', 'iopub', 'stdin', 'control', 'hb'] as const
type Channel = (typeof CHANNELS)[number]

/** What a kernel is told of where to listen. https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files */
export interface ConnectionFile extends AsyncDisposable {
  readonly path: string
  /** Of the HMAC that signs all messages. */
  readonly key: string
  address(channel: Channel): string
}

/**
 * A connection file in a folder that nobody else can look into. `ipc` listens there too; it needs no port, which
 * another process might take before the kernel does, and nobody else can listen in. Not every kernel knows it.
 */
export async function makeConnectionFile(transport: 'ipc' | 'tcp'): Promise<ConnectionFile> {
  const folder = await mkdtemp(join(tmpdir(), 'nbr-kernel-'))
  const path = join(folder, 'connection.json')
  const key = randomBytes(32).toString('hex')
  const ip = transport === 'ipc' ? join(folder, 'k') : '127.0.0.1'
  const ports = transport === 'ipc' ? [1, 2, 3, 4, 5] : await freePorts(CHANNELS.length)
  const portOf = (channel: Channel) => ports[CHANNELS.indexOf(channel)]
  const content = {
    transport,
    ip,
    key,
    signature_scheme: 'hmac-sha256',
    ...Object.fromEntries(CHANNELS.map((channel) => [`${channel}_port`, portOf(channel)])),
  }
  await writeFile(path, JSON.stringify(content), { mode: 0o600 })
  return {
    path,
    key,
    address: (channel) => `${transport}://${ip}${transport === 'ipc' ? '-' : ':'}${portOf(channel)}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Ports that are free at this moment, all of them different. */
async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  try {
    await Promise.all(probes.map((probe) => once(probe, 'listening')))
    return probes.map((probe) => {
      const address = probe.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    })
  } finally {
    for (const probe of probes) probe.close()
  }
}
