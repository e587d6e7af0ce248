import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'

/** A small picture of what a run has shown. */
export interface Thumbnail {
  readonly mediaType: 'image/webp' | 'image/jpeg'
  readonly image: Uint8Array
}

/** Undefined where the run has none, or there is no such run for the caller. Throws `database-failed`. */
export type FindThumbnail = (caller: Caller, runId: string) => Promise<Thumbnail | undefined>

const FIND = `
  SELECT media_type AS "mediaType", image FROM run_thumbnail JOIN run ON run.id = run_id
  WHERE run_id = $1 AND workspace = ANY ($2)`

export const thumbnails =
  (database: Database): FindThumbnail =>
  async (caller, runId) => {
    const values = [runId, caller.workspaces]
    const [row] = await database.query<Thumbnail & Record<string, unknown>>({ text: FIND, values })
    return row
  }

/** For whoever holds the lease ($1 and $2): type and picture, in place of what was kept before. */
export const SET_THUMBNAIL = `
  WITH run AS (UPDATE run SET has_thumbnail = true WHERE id = $1 AND epoch = $2 RETURNING id)
  INSERT INTO run_thumbnail (run_id, media_type, image) SELECT id, $3, $4 FROM run
  ON CONFLICT (run_id) DO UPDATE SET media_type = excluded.media_type, image = excluded.image
  RETURNING run_id AS id`
