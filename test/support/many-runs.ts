import type { Database, Session } from '../../src/database/connect.ts'
import { parameterKey } from '../../src/run/parameter-key.ts'

// Some things are common, some rare: one workspace has nearly all; a notebook, a person, a state, a value are rare.
const GENERATE = `
  WITH generated AS (
    INSERT INTO run (
      id, state, notebook_id, workspace, owner_issuer, owner_subject, owner_name, parameters, bucket, key, created_at,
      started_at, finished_at
    )
    SELECT
      ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
      CASE WHEN n % 5000 = 7 THEN 'failed' WHEN n % 3 = 0 THEN 'succeeded' ELSE 'prepared' END,
      CASE WHEN n % 10000 = 9 THEN 'rare' ELSE 'notebook-' || n % 20 END,
      CASE WHEN n % 50 = 0 THEN 'small-' || n % 7 ELSE $5::text END,
      'https://id.example', 's-' || n % 30, CASE WHEN n % 20000 = 11 THEN 'rare' ELSE 'person-' || n % 30 END,
      '{"year":' || 2000 + n % 25 || ',"threshold":0.25}', 'bucket', 'users/person/' || n,
      now() - n * interval '1 second', now() - n * interval '1 second',
      now() - n * interval '1 second' + (CASE WHEN n % 20000 = 17 THEN 90000 ELSE n % 600 END) * interval '1 second'
    FROM generate_series(1, $1::integer) AS n
    RETURNING id, workspace, created_at, right(id::text, 12)::integer AS n
  )
  INSERT INTO run_parameter (key, created_at, run_id)
  SELECT ($2::bigint[])[1 + n % 25], created_at, id FROM generated WHERE workspace = $5
  UNION ALL
  SELECT CASE WHEN n % 10000 = 13 THEN $3::bigint ELSE $4::bigint END, created_at, id
  FROM generated WHERE workspace = $5`

/**
 * Fills the history, which must be empty: about 10 s for 200,000 on two cores that do nothing else.
 * @param workspace has nearly all of them
 */
export async function generateRuns(database: Database, count: number, workspace = 'big'): Promise<void> {
  const years = Array.from({ length: 25 }, (_, index) =>
    parameterKey(workspace, 'year', String(2000 + index)),
  )
  const keys = [
    years,
    parameterKey(workspace, 'threshold', '0.75'),
    parameterKey(workspace, 'threshold', '0.25'),
  ]
  const patient = (session: Session, text: string, values: readonly unknown[] = []) =>
    session.query<{ name: string; definition: string }>({ text, values, patienceMs: 600_000 })
  await database.transaction(async (session) => {
    await patient(session, 'SET LOCAL statement_timeout = 0')
    // Indexes made at the end are made much faster.
    const indexes = await patient(
      session,
      `
        SELECT indexname AS name, indexdef AS definition FROM pg_indexes
        WHERE tablename = 'run' AND indexdef NOT LIKE '%UNIQUE%'`,
    )
    for (const { name } of indexes) await patient(session, `DROP INDEX ${name}`)
    await patient(session, GENERATE, [count, ...keys, workspace])
    for (const { definition } of indexes) await patient(session, definition)
    await patient(session, 'ANALYZE run, run_parameter')
  })
}
