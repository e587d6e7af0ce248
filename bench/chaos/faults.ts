import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ServiceFolder, sharedProcess, tracesOf } from '../../test/support/service-process.ts'
import type { Fleet } from './fleet.ts'
import { PLATFORM_FAULTS } from './platform-faults.ts'
import { STORAGE_FAULTS } from './storage-faults.ts'

export interface Fault {
  readonly name: string
  /** Ends that are true after it, besides that of the notebook itself: the reason of a failure, or `cancelled`. */
  readonly excuses: readonly string[]
  /** How long a run may take to end, where that is longer than usual. */
  readonly patienceMs?: number
  /** Makes what the fault needs before the services start, or says why it can't be had here. */
  readonly prepare: (folder: ServiceFolder) => Promise<Ground | { readonly skipped: string }>
}

/** What a fault happens on. */
export interface Ground extends AsyncDisposable {
  /** For the services. */
  readonly env: Readonly<Record<string, string>>
  /** By which requests come, where it is not that of the local user. */
  readonly token?: () => Promise<string>
  strike(fleet: Fleet, runs: readonly string[]): Promise<void>
}

/** A fault that needs nothing. */
interface PlainFault {
  readonly name: string
  readonly excuses: readonly string[]
  strike(fleet: Fleet, runs: readonly string[]): Promise<void>
}

const SPREAD_MS = 9_000
/** A worker that dies loses what it was just told: for the last cell of a run that may be all. */
const WORKER_GONE = ['outcome-unknown']

const PLAIN: readonly PlainFault[] = [
  { name: 'none', excuses: [], strike: async () => undefined },
  {
    name: 'a service killed, and started again',
    excuses: WORKER_GONE,
    async strike(fleet) {
      for (let time = 0; time < 3; time++) {
        await fleet.moment(SPREAD_MS)
        const index = fleet.random() < 0.5 ? 0 : 1
        await fleet.service(index).kill()
        await fleet.restart(index)
      }
    },
  },
  {
    name: 'both services killed at once, and started again',
    excuses: WORKER_GONE,
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      await Promise.all([fleet.service(0).kill(), fleet.service(1).kill()])
      await fleet.restart(0)
      await fleet.restart(1)
    },
  },
  {
    name: 'both services stopped in good order, and started again',
    excuses: [],
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      for (const index of [0, 1]) fleet.service(index).child.kill('SIGTERM')
      for (const index of [0, 1]) await fleet.service(index).gone
      await fleet.restart(0)
      await fleet.restart(1)
    },
  },
  {
    name: 'a service paused until its runs are with the other, and woken up',
    excuses: WORKER_GONE,
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      fleet.service(0).child.kill('SIGSTOP')
      await pause(22_000)
      fleet.service(0).child.kill('SIGCONT')
    },
  },
  {
    name: 'PostgreSQL killed, three times',
    excuses: [],
    async strike(fleet) {
      for (let time = 0; time < 3; time++) {
        await fleet.moment(SPREAD_MS)
        await killShared(fleet, 'postgres')
      }
    },
  },
  {
    name: 'the Jupyter server killed',
    excuses: ['kernel-died'],
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      await killShared(fleet, 'jupyter')
    },
  },
  {
    name: 'kernels killed',
    excuses: ['kernel-died'],
    async strike(fleet, runs) {
      for (const id of runs.slice(0, 3)) {
        while ((await tracesOf(fleet.folder, id)).length === 0) await pause(50)
        await fleet.moment(1_000)
        await killKernel(fleet, id)
      }
    },
  },
  {
    name: 'both services and then kernels killed, the services started again',
    excuses: [...WORKER_GONE, 'kernel-died'],
    async strike(fleet, runs) {
      await fleet.moment(SPREAD_MS)
      await Promise.all([fleet.service(0).kill(), fleet.service(1).kill()])
      for (const id of runs) await killKernel(fleet, id)
      await fleet.restart(0)
      await fleet.restart(1)
    },
  },
  {
    name: 'everything killed at once, the services started again',
    excuses: [...WORKER_GONE, 'kernel-died'],
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      const kills = [fleet.service(0).kill(), fleet.service(1).kill()]
      await killShared(fleet, 'postgres')
      await killShared(fleet, 'jupyter')
      await Promise.all(kills)
      await fleet.restart(0)
      await fleet.restart(1)
    },
  },
  {
    name: 'storage that refuses for five seconds',
    excuses: [],
    async strike(fleet) {
      await fleet.moment(SPREAD_MS)
      // To root no folder is forbidden, so there is a file where the folder was.
      const notebooks = join(fleet.folder.path, 'workspaces/local/notebooks')
      await mkdir(notebooks, { recursive: true })
      await rename(notebooks, `${notebooks}-away`)
      await writeFile(notebooks, '')
      await pause(5_000)
      await rm(notebooks)
      await rename(`${notebooks}-away`, notebooks)
    },
  },
  {
    name: 'runs cancelled while a service is killed',
    excuses: [...WORKER_GONE, 'cancelled'],
    async strike(fleet, runs) {
      await fleet.moment(SPREAD_MS)
      await Promise.all([
        fleet.service(0).kill(),
        ...runs.filter(() => fleet.random() < 0.5).map((id) => fleet.cancel(id)),
      ])
      await fleet.restart(0)
    },
  },
]

export const FAULTS: readonly Fault[] = [
  ...PLAIN.map(({ name, excuses, strike }) => ({
    name,
    excuses,
    prepare: async () => ({ env: {}, strike, [Symbol.asyncDispose]: async () => undefined }),
  })),
  ...STORAGE_FAULTS,
  ...PLATFORM_FAULTS,
]

async function killShared(fleet: Fleet, name: 'postgres' | 'jupyter'): Promise<void> {
  const record = await sharedProcess(fleet.folder, name)
  if (record !== undefined) process.kill(record.pid, 'SIGKILL')
}

/** Nothing where none of its cells has begun, or the kernel is gone already. */
async function killKernel(fleet: Fleet, run: string): Promise<void> {
  const [trace] = await tracesOf(fleet.folder, run)
  try {
    if (trace !== undefined) process.kill(trace.pid, 'SIGKILL')
  } catch {}
}
