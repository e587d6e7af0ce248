import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What every kernel of a host may have. */
export interface KernelLimits {
  /** Unset: as many as there are cores. */
  readonly threads?: number
  /** Of all processes of the kernel together; unset: what there is. Linux only. */
  readonly memoryMebibytes?: number
}

/** Of the libraries that start threads of their own, each with a name of its own for how many. */
const THREADS = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'BLIS_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'NUMBA_NUM_THREADS',
  'GDAL_NUM_THREADS',
  'JULIA_NUM_THREADS',
  'RAYON_NUM_THREADS',
  'POLARS_MAX_THREADS',
]

export function limitsEnvironment({ threads }: KernelLimits): Record<string, string> {
  return threads === undefined ? {} : Object.fromEntries(THREADS.map((name) => [name, String(threads)]))
}

const LIMITED = join(import.meta.dirname, '../../runtime/kernel/limited.py')
/** With which runtime/kernel/limited.py says that the kernel took more. */
export const EXCEEDED_EXIT_CODE = 137

/** The command of a kernel that is watched, and ended where it takes more memory than it may. */
export function limitedCommand(
  python: string,
  argv: readonly string[],
  { memoryMebibytes }: KernelLimits,
): readonly string[] {
  if (memoryMebibytes === undefined) return argv
  return [python, '-I', '-S', LIMITED, String(memoryMebibytes), ...argv]
}

/** For the child Jupyter server (runtime/jupyter/jupyter_server_config.py), which reads it for each kernel. */
export async function writeKernelLimits(configFolder: string, limits: KernelLimits): Promise<void> {
  const path = join(configFolder, 'kernel-limits.json')
  const { memoryMebibytes } = limits
  const text = JSON.stringify({ environment: limitsEnvironment(limits), memoryMebibytes })
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

/**
 * How many processes were ended for want of memory, in our container where that counts, else on this machine since it
 * was started. Undefined where nobody counts.
 */
export async function endedForMemory(): Promise<number | undefined> {
  for (const path of ['/sys/fs/cgroup/memory.events', '/proc/vmstat']) {
    const text = await readFile(path, 'utf8').catch(() => '')
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1]
    if (count !== undefined) return Number(count)
  }
  return undefined
}
