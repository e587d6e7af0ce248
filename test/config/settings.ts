import { loadConfig } from '../../src/config/config.ts'
import { RunnerError } from '../../src/errors.ts'

export type Environment = Readonly<Record<string, string>>

/** The faults of these settings, in their order, without the line above them; none where they are right. */
export function faultsOf(environment: Environment): readonly string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof RunnerError) || error.code !== 'invalid-settings') throw error
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace('  - ', ''))
  }
}

/** What is in force, as `notebook-runner config` shows it: name to value and origin. */
export function inForce(environment: Environment): Readonly<Record<string, readonly [string, string]>> {
  const { settings } = loadConfig(environment)
  return Object.fromEntries(settings.map(({ name, value, from }) => [name, [value, from]]))
}

export const SEED: Environment = {
  PRESET: 'seed',
  PLATFORM_DOMAIN: 'platform.example',
  SINGLEUSER_AWS_ROLE_ARN: 'arn:aws:iam::000000000000:role/workspace-{workspace}-role',
}

export const EODH: Environment = {
  ...SEED,
  PRESET: 'eodh',
  SINGLEUSER_WORKSPACE_BUCKET: 'workspaces-eodhp',
  JUPYTERHUB_API_TOKEN: 'token of the service',
  CREDENTIALS_SECRET: 'seals the keys of runs: thirty-two characters',
}
