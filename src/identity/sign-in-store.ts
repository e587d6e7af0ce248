import type { Session } from '../database/connect.ts'

/** Somebody may have to find a password, or to register first. */
const LIFETIME_SECONDS = 3600

/** A sign-in under way. Ids are hashes of what the browser holds. */
export interface OpenSignIn {
  readonly id: Buffer
  readonly browser: Buffer
  readonly sealed: Buffer
}

// Who begins one sweeps up what nobody came back for.
const BEGIN = `
  WITH swept AS (DELETE FROM sign_in WHERE expires_at < now())
  INSERT INTO sign_in (id, browser, sealed, expires_at)
  VALUES ($1, $2, $3, now() + make_interval(secs => ${LIFETIME_SECONDS}))`

const TAKE = `
  DELETE FROM sign_in WHERE id = $1 AND browser = $2 AND expires_at > now() RETURNING sealed`

export async function beginSignIn(session: Session, { id, browser, sealed }: OpenSignIn): Promise<void> {
  await session.query({ name: 'sign-in-begin', text: BEGIN, values: [id, browser, sealed] })
}

/** Takes it away: it is good for once. Undefined where this browser has none such. */
export async function takeSignIn(session: Session, id: Buffer, browser: Buffer): Promise<Buffer | undefined> {
  const [row] = await session.query<{ sealed: Buffer }>({
    name: 'sign-in-take',
    text: TAKE,
    values: [id, browser],
  })
  return row?.sealed
}
