import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'

/** The kernel of a run that failed, kept so that its owner can look into it or go on in it. */
export interface KeptKernel {
  readonly runId: string
  readonly host: string
  readonly kernelId: string
  /** By the clock of the database. */
  readonly until: Date
}

const FIND = `
  SELECT left_kernel.run_id AS "runId", left_kernel.kernel_host AS host, left_kernel.kernel_id AS "kernelId", left_kernel.until
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

const KEEP_LONGER = `
  UPDATE left_kernel SET until = greatest(until, clock_timestamp() + make_interval(secs => $2))
  WHERE run_id = $1 AND kernel_id = $3 AND NOT ending`

/** Its owner has opened it just now: it is kept for so long from now on. Throws `database-failed`. */
export async function keepLonger(
  database: Database,
  { runId, kernelId }: KeptKernel,
  seconds: number,
): Promise<void> {
  await database.query({ text: KEEP_LONGER, values: [runId, seconds, kernelId] })
}
