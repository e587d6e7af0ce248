import type { Database } from '../../src/database/connect.ts'
import { runQueue } from '../../src/run/queue.ts'
import type { TestPostgres } from '../../test/support/postgres.ts'
import { median } from '../programs.ts'
import { round } from '../table.ts'
import type { Figures } from './figures.ts'

const SIZES = [
  [20, 20],
  [200, 20],
  [2_000, 20],
  [2_000, 200],
  [2_000, 2_000],
] as const
const CLAIMS = 15

const FILL = `
  INSERT INTO run (id, state, notebook_id, workspace, owner_issuer, owner_subject, owner_name, parameters, bucket, key,
    queued_at, lease_until)
  SELECT gen_random_uuid(), $1, 'notebook', 'workspace-' || n, 'issuer', 'person-' || n, 'person', '{}', 'b', 'k',
    now(), CASE WHEN $1 = 'queued' THEN NULL ELSE now() + interval '1 hour' END
  FROM generate_series($2::integer, $3::integer) AS n`

/** The time of a claim by how many runs go and how many people wait, each of them in a workspace of their own. */
export async function measureClaims(postgres: TestPostgres): Promise<Figures['claims']> {
  const measured: Figures['claims'][number][] = []
  for (const [live, waiting] of SIZES) {
    const database = await postgres.database()
    await fill(database, 'running', 1, live)
    await fill(database, 'queued', live + 1, live + waiting)
    await database.query({ text: 'ANALYZE run' })
    const queue = runQueue(database, { perWorkspace: 8, perPerson: 8, leaseSeconds: 600 })
    const times: number[] = []
    for (let claim = 0; claim < CLAIMS; claim++) {
      const begun = performance.now()
      if ((await queue.claim({ id: 'bench', kernelHost: 'bench' })) === undefined)
        throw new Error('Nothing could be claimed')
      times.push(performance.now() - begun)
    }
    measured.push({ live, waiting, ms: round(median(times), 2) })
  }
  return measured
}

const fill = (database: Database, state: string, from: number, to: number) =>
  database.query({ text: FILL, values: [state, from, to] })
