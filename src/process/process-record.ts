import { execFile } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What is kept about a process that may outlive the one that started it. */
export interface ProcessRecord {
  readonly pid: number
  /** `processStart` of it: a process number alone is used again by other processes. */
  readonly started: string
  /** What is needed to find it (socket, port, token). */
  readonly details: Readonly<Record<string, string>>
}

/**
 * When the process was started, in a form that only compares: with the number it names one process for good.
 * Undefined where there is none, or only what is left of one (a zombie).
 */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== 'linux') {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
      const found = /^\s*([A-Z])\S*\s+(.+?)\s*$/.exec(stdout)
      return found?.[1] === 'Z' ? undefined : found?.[2]
    }
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name of the program stands in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, ticks] = [fields[0], fields[19]]
    if (state === 'Z' || state === 'X' || ticks === undefined) return undefined
    // Ticks count from the start of the machine.
    return `${(await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()}/${ticks}`
  } catch {
    return undefined
  }
}

/** True while the very process of the record runs. */
export async function runs(record: ProcessRecord): Promise<boolean> {
  return (await processStart(record.pid)) === record.started
}

/** Undefined where there is none or it is not readable: it is only a hint, and what it says is checked. */
export async function readRecord(path: string): Promise<ProcessRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Written whole or not at all, readable by its owner alone (it may hold a token). */
export async function writeRecord(path: string, record: ProcessRecord): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

function isRecord(value: unknown): value is ProcessRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    Number.isSafeInteger(value.pid) &&
    'started' in value &&
    typeof value.started === 'string' &&
    'details' in value &&
    typeof value.details === 'object' &&
    value.details !== null &&
    Object.values(value.details).every((detail) => typeof detail === 'string')
  )
}
