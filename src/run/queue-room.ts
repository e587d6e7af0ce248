import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Admit } from './admission.ts'

// By the index of the line of each person in each workspace, and no further than it matters.
const QUEUED = `
  SELECT count(*)::integer AS queued FROM (
    SELECT FROM run
    WHERE state = 'queued' AND workspace = $1 AND owner_issuer = $2 AND owner_subject = $3 LIMIT $4
  ) line`

/** When there may be room again. */
const RETRY_SECONDS = 30

/**
 * Admits a person who has fewer than `most` runs waiting in that workspace. What is accepted at the same moment is counted
 * by nobody: a few more may come in. Throws `too-many-runs` and `database-failed`.
 */
export function queueRoom(database: Database, most: number): Admit {
  return async ({ workspace, issuer, subject }) => {
    const [row] = await database.query<{ queued: number }>({
      name: 'queue-room',
      text: QUEUED,
      values: [workspace, issuer, subject, most],
    })
    if ((row?.queued ?? 0) < most) return
    throw new RunnerError(
      'too-many-runs',
      `You have ${most} runs waiting in workspace ${workspace}, which is the most here: wait for some of them, or cancel them.`,
      { retryAfter: RETRY_SECONDS },
    )
  }
}

/** Everything that stands against it has its say. */
export const admittedBy =
  (...admissions: readonly Admit[]): Admit =>
  async (scope, runIds, stopServer) => {
    for (const admit of admissions) await admit(scope, runIds, stopServer)
  }
