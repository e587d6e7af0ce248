import type { Database } from '../database/connect.ts'
import type { Scope } from '../identity/caller.ts'
import type { Seal } from '../identity/seal.ts'
import { isRecord } from '../identity/unique-json.ts'
import type { StorageGrant, WorkspaceKeys } from '../storage/grant.ts'
import type { Storage } from '../storage/storage.ts'

const DEPOSIT = `
  WITH swept AS (DELETE FROM run_credential WHERE expires_at < now())
  INSERT INTO run_credential (run_id, sealed, expires_at)
  SELECT run_id, sealed, $3 FROM unnest($1::uuid[], $2::bytea[]) AS given (run_id, sealed)
  ON CONFLICT (run_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at
    WHERE run_credential.expires_at < excluded.expires_at`

const FIND = 'SELECT sealed FROM run_credential WHERE run_id = $1 AND expires_at > now()'

/** What runs need to open their workspace when their person has gone. Where the service needs nothing, nothing is kept. */
export interface RunGrants {
  /** Before they are accepted. Throws `storage-failed` where the workspace cannot be opened, and `database-failed`. */
  deposit(scope: Scope, runIds: readonly string[]): Promise<void>
  /** Undefined where there is none, or none any more. Throws `database-failed`. */
  find(runId: string): Promise<StorageGrant | undefined>
}

export const noGrants: RunGrants = {
  deposit: async () => undefined,
  find: async () => undefined,
}

/** @param seal it is closed for each run by the run's id: the row of one opens nothing for another */
export function runGrants(database: Database, seal: Seal, keys: NonNullable<Storage['keys']>): RunGrants {
  return {
    async deposit(scope, runIds) {
      const { grant } = scope
      // Who brings no token has none to give, and the workspace will say so.
      if (grant?.kind !== 'token') return
      const given = await keys(scope, grant.token)
      const sealed = runIds.map((id) => seal.close(id, JSON.stringify(given)))
      const values = [runIds, sealed, given.expiration]
      await database.query({ name: 'run-credential-deposit', text: DEPOSIT, values })
    },
    async find(runId) {
      const query = { name: 'run-credential-find', text: FIND, values: [runId] }
      const [row] = await database.query<{ sealed: Buffer }>(query)
      const text = row && seal.open(runId, row.sealed)
      const found = text === undefined ? undefined : keysFrom(JSON.parse(text))
      return found && { kind: 'keys', keys: found }
    },
  }
}

/** What an earlier version sealed may look otherwise: then there is none. */
function keysFrom(value: unknown): WorkspaceKeys | undefined {
  if (!isRecord(value)) return undefined
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = value
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined
  if (typeof expiration !== 'string') return undefined
  return {
    accessKeyId,
    secretAccessKey,
    expiration: new Date(expiration),
    ...(typeof sessionToken === 'string' && { sessionToken }),
  }
}
