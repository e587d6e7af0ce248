import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { RunnerError } from '../errors.ts'
import { type KernelLimitsConfig, readKernelLimits } from './config.ts'
import { readEnvironment } from './env.ts'
import { SettingReader } from './setting-reader.ts'

const PROJECT = join(import.meta.dirname, '../..')

/** The Python whose kernels come first, and the environment from which a kernel gets what it may have. */
export interface KernelEnvironment {
  readonly python: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly limits: KernelLimitsConfig
}

/**
 * Of the person who types a command: the environment that is active in their shell, else the one of the project. Throws
 * `invalid-settings`.
 */
export function kernelEnvironment(environment = process.env): KernelEnvironment {
  const active = environment['VIRTUAL_ENV'] ?? environment['CONDA_PREFIX'] ?? join(PROJECT, '.venv')
  const read = new SettingReader(readEnvironment(environment), {}, undefined, {})
  const limits = readKernelLimits(read)
  if (read.faults.length > 0) throw new RunnerError('invalid-settings', `${read.faults.join('. ')}.`)
  return { python: join(active, 'bin', 'python'), environment, limits }
}

/** `RUNNER_TOKEN`: the token for a server that a command asks. */
export const serverToken = (environment = process.env): string | undefined =>
  readEnvironment(environment).RUNNER_TOKEN

/** Where the commands of a person keep what is theirs (XDG Base Directory Specification). */
export function configFolder(environment = process.env): string {
  const { XDG_CONFIG_HOME: given = '' } = environment
  // The specification wants an absolute path, and any other one not to be looked at.
  return join(isAbsolute(given) ? given : join(homedir(), '.config'), 'notebook-runner')
}
