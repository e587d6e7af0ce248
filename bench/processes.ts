import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Kernel clock ticks a second, the unit of /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const TICKS = 100

/** CPU seconds that a process has used, user and system. Linux only, as all of the bench. */
export function cpuSeconds(pid: number): number {
  return ticksOf(pid, [11, 12])
}

/** The sum of fields of /proc/<pid>/stat, counted from the one behind the name, in seconds. */
function ticksOf(pid: number, places: readonly number[]): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return places.reduce((sum, place) => sum + Number(fields[place]), 0) / TICKS
}

/** Resident memory of one process in MiB. */
export function residentMiB(pid: number): number {
  return numberIn(`/proc/${pid}/status`, /^VmRSS:\s+(\d+)/m) / 1024
}

/** The most resident memory that one process ever had, in MiB; 0 once it is gone. */
export function peakMiB(pid: number): number {
  return numberIn(`/proc/${pid}/status`, /^VmHWM:\s+(\d+)/m) / 1024
}

/** Proportional memory (shared pages counted once) of a process and its children in MiB. */
export function familyMiB(pid: number): number {
  return family(pid).reduce(
    (sum, one) => sum + numberIn(`/proc/${one}/smaps_rollup`, /^Pss:\s+(\d+)/m) / 1024,
    0,
  )
}

/** CPU seconds of a process, of the children it has now, and of those that have ended. */
export function familyCpuSeconds(pid: number): number {
  return family(pid).reduce((sum, one) => sum + cpuSeconds(one), 0) + ticksOf(pid, [13, 14])
}

function family(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => numberIn(`/proc/${one}/status`, /^PPid:\s+(\d+)/m) === pid)
  return [pid, ...children]
}

function numberIn(path: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** A server process, stopped when disposed. */
export interface Server extends AsyncDisposable {
  readonly pid: number
}

/** Starts a process and waits until `url` answers with 200. Its output goes to our standard error. */
export async function startServer(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  url: string,
): Promise<Server> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await answers(child, url)
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return
    await pause(100)
  }
  child.kill('SIGKILL')
  throw new Error(`${url} does not answer`)
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
