import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'
import { type JsonValue, parseJson } from '../notebook/json.ts'

/** Every function takes who asks first. All throw `database-failed`. */
export interface ScrapStore {
  /** What a run has named, in its order; undefined where the value is too large, and in the notebook only. */
  list(caller: Caller, runId: string): Promise<ReadonlyMap<string, JsonValue | undefined>>
}

const LIST = `
  SELECT name, value FROM run_scrap JOIN run ON run.id = run_id WHERE run_id = $1 AND workspace = ANY ($2)
  ORDER BY place`

export function scrapStore(database: Database): ScrapStore {
  return {
    async list(caller, runId) {
      const values = [runId, caller.workspaces]
      const rows = await database.query<{ name: string; value: string | null }>({ text: LIST, values })
      return new Map(rows.map(({ name, value }) => [name, value === null ? undefined : parseJson(value)]))
    },
  }
}

/** For whoever holds the lease ($1 and $2). */
export const SET_SCRAPS = `
  WITH run AS (
    SELECT id FROM run WHERE id = $1 AND epoch = $2 FOR NO KEY UPDATE
  ), gone AS (
    DELETE FROM run_scrap USING run WHERE run_id = run.id AND place > cardinality($3::text[])
  ), scraps AS (
    INSERT INTO run_scrap (run_id, place, name, value)
    SELECT run.id, scrap.place, scrap.name, scrap.value
    FROM run, unnest($3::text[], $4::text[]) WITH ORDINALITY AS scrap (name, value, place)
    ON CONFLICT (run_id, place) DO UPDATE SET name = excluded.name, value = excluded.value
  )
  SELECT id FROM run`
