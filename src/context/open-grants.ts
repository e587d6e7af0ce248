import type { Config } from '../config/config.ts'
import type { Database } from '../database/connect.ts'
import { Seal } from '../identity/seal.ts'
import { noGrants, type RunGrants, runGrants } from '../run/run-grants.ts'
import type { Storage } from '../storage/storage.ts'

/** Where the service opens workspaces by its own right, or executes nothing, it keeps nothing of anybody's. */
export function openGrants(
  { credentialSecrets }: Config,
  database: Database,
  { keys }: Pick<Storage, 'keys'>,
): RunGrants {
  if (keys === undefined || credentialSecrets === undefined) return noGrants
  return runGrants(database, new Seal(credentialSecrets), keys)
}
