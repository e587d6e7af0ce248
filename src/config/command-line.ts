import { join } from 'node:path'

const PROJECT = join(import.meta.dirname, '../..')

/** The Python whose kernels come first, and the environment from which a kernel gets what it may have. */
export interface KernelEnvironment {
  readonly python: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Of the person who types a command: the environment that is active in their shell, else the one of the project. */
export function kernelEnvironment(environment = process.env): KernelEnvironment {
  const active = environment['VIRTUAL_ENV'] ?? environment['CONDA_PREFIX'] ?? join(PROJECT, '.venv')
  return { python: join(active, 'bin', 'python'), environment }
}
