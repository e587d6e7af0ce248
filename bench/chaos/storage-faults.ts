import { execFile } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { listening } from '../../test/support/listening.ts'
import { startS3 } from '../../test/support/s3.ts'
import type { Fault, Ground } from './faults.ts'
import type { Fleet } from './fleet.ts'

const run = promisify(execFile)
const SPREAD_MS = 9_000
const DISK_BYTES = 4 * 1024 * 1024

/** Faults of the workspace's storage, each on storage of its own. */
export const STORAGE_FAULTS: readonly Fault[] = [
  {
    name: 'a full disk for five seconds',
    excuses: [],
    prepare: async (folder) =>
      smallDisk(folder.path, async (fleet, disk) => {
        await fleet.moment(SPREAD_MS)
        await disk.fill()
        await pause(5_000)
        await disk.empty()
      }),
  },
  {
    name: 'a full disk to the end',
    // The notebook is tried again for two minutes; three at a time on each of two services.
    patienceMs: 400_000,
    excuses: ['storage-failed'],
    prepare: async (folder) => smallDisk(folder.path, async (_fleet, disk) => disk.fill()),
  },
  {
    name: 'an S3 that hangs for twenty seconds',
    excuses: [],
    prepare: async () => brokenS3('hang', 20_000),
  },
  {
    name: 'an S3 that cuts every connection for ten seconds',
    excuses: [],
    prepare: async () => brokenS3('cut', 10_000),
  },
  {
    name: 'an S3 that is down for a minute',
    // Its notebook is tried again in pauses that grow.
    patienceMs: 200_000,
    excuses: [],
    prepare: async () => brokenS3('cut', 60_000),
  },
]

interface Disk {
  fill(): Promise<void>
  empty(): Promise<void>
}

/** The folder of the notebooks on a disk of its own, which only who may mount can make. */
async function smallDisk(
  data: string,
  strike: (fleet: Fleet, disk: Disk) => Promise<void>,
): Promise<Ground | { readonly skipped: string }> {
  const place = join(data, 'workspaces/local/notebooks')
  await mkdir(place, { recursive: true })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'tmpfs', place])
  } catch {
    return { skipped: 'a small disk can be mounted by root only, on Linux' }
  }
  const filler = join(place, 'filler')
  const disk: Disk = {
    async fill() {
      await using file = await open(filler, 'w')
      try {
        for (;;) await file.write(Buffer.alloc(4096))
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    empty: () => rm(filler, { force: true }),
  }
  return {
    env: {},
    strike: (fleet) => strike(fleet, disk),
    [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', place])),
  }
}

/** A real S3, and a way to it that passes nothing on for so long: it hangs, or cuts every connection. */
async function brokenS3(fault: 'hang' | 'cut', ms: number): Promise<Ground> {
  await using stack = new AsyncDisposableStack()
  const s3 = stack.use(await startS3(['local']))
  const target = new URL(s3.endpoint)
  let mode: 'pass' | typeof fault = 'pass'
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (mode === 'pass') to.write(bytes)
        else if (mode === 'cut') to.destroy()
      })
      from
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
    }
  })
  const port = await listening(server)
  stack.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const parts = stack.move()
  return {
    env: {
      STORAGE: 's3',
      S3_CREDENTIALS: 'ambient',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      SINGLEUSER_AWS_REGION: s3.region,
      SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
      VIEW_URL: 'https://lab.example/{path}',
      AWS_ACCESS_KEY_ID: s3.adminKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.adminKeys.secretAccessKey,
    },
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      mode = fault
      await pause(ms)
      mode = 'pass'
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
