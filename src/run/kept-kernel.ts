import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'

/** The kernel of a run that failed, kept so that its owner can look into it or go on in it. */
export interface KeptKernel {
  readonly host: string
  readonly kernelId: string
  /** By the clock of the database. */
  readonly until: Date
}

const FIND = `
  SELECT left_kernel.kernel_host AS host, left_kernel.kernel_id AS "kernelId", left_kernel.until
  FROM left_kernel JOIN run ON run.id = left_kernel.run_id
  WHERE left_kernel.run_id = $1 AND run.workspace = ANY ($2) AND left_kernel.owner_issuer = $3
    AND left_kernel.owner_subject = $4 AND NOT left_kernel.ending AND left_kernel.until > clock_timestamp()`

/**
 * The kernel that is kept of the caller's own run; nobody else gets into it, because it may hold what its owner may see
 * only. Undefined where there is none. Throws `database-failed`.
 */
export async function keptKernel(
  database: Database,
  { workspaces, issuer, subject }: Caller,
  runId: string,
): Promise<KeptKernel | undefined> {
  const values = [runId, workspaces, issuer, subject]
  const [row] = await database.query<KeptKernel & Record<string, unknown>>({ text: FIND, values })
  return row
}
