import type { Session } from '../database/connect.ts'

/** Of a session, however often its tokens are renewed: a long working day. */
export const SESSION_SECONDS = 12 * 3600
/** Longer than the issuer is waited for. */
const RENEWAL_SECONDS = 20

interface NewSession {
  readonly id: Buffer
  readonly issuer: string
  readonly subject: string
  /** The issuer's own name of the session, where it has one. */
  readonly sid: string | undefined
  readonly sealed: Buffer
}

export interface SessionRow {
  readonly issuer: string
  readonly subject: string
  readonly sealed: Buffer
  readonly generation: number
}

const INSERT = `
  WITH swept AS (DELETE FROM browser_session WHERE expires_at < now())
  INSERT INTO browser_session (id, issuer, subject, sid, sealed, expires_at)
  VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => ${SESSION_SECONDS}))`

const FIND = `
  SELECT issuer, subject, sealed, generation FROM browser_session WHERE id = $1 AND expires_at > now()`

const CLAIM = `
  UPDATE browser_session SET renewing_until = clock_timestamp() + make_interval(secs => ${RENEWAL_SECONDS})
  WHERE id = $1 AND generation = $2 AND (renewing_until IS NULL OR renewing_until < clock_timestamp())
  RETURNING id`

const RELEASE = 'UPDATE browser_session SET renewing_until = NULL WHERE id = $1 AND generation = $2'

const RENEW = `
  UPDATE browser_session SET sealed = $3, generation = generation + 1, renewing_until = NULL
  WHERE id = $1 AND generation = $2`

const END = 'DELETE FROM browser_session WHERE id = $1 RETURNING sealed'

const END_MANY = `
  DELETE FROM browser_session
  WHERE issuer = $1 AND ($2::text IS NULL OR subject = $2) AND ($3::text IS NULL OR sid = $3)
    AND created_at <= to_timestamp($4)`

export async function insertSession(session: Session, row: NewSession): Promise<void> {
  const values = [row.id, row.issuer, row.subject, row.sid, row.sealed]
  await session.query({ name: 'session-insert', text: INSERT, values })
}

export async function findSession(session: Session, id: Buffer): Promise<SessionRow | undefined> {
  const [row] = await session.query<{ [name in keyof SessionRow]: SessionRow[name] }>({
    name: 'session-find',
    text: FIND,
    values: [id],
  })
  return row
}

/** True for the one of all servers that is to renew the tokens. */
export async function claimRenewal(session: Session, id: Buffer, generation: number): Promise<boolean> {
  const rows = await session.query({ name: 'session-claim', text: CLAIM, values: [id, generation] })
  return rows.length > 0
}

/** It did not work: the next one may try. */
export async function releaseRenewal(session: Session, id: Buffer, generation: number): Promise<void> {
  await session.query({ name: 'session-release', text: RELEASE, values: [id, generation] })
}

export async function renewSession(
  session: Session,
  id: Buffer,
  generation: number,
  sealed: Buffer,
): Promise<void> {
  await session.query({ name: 'session-renew', text: RENEW, values: [id, generation, sealed] })
}

/** What was sealed in it; undefined where there is none. */
export async function endSession(session: Session, id: Buffer): Promise<Buffer | undefined> {
  const [row] = await session.query<{ sealed: Buffer }>({ name: 'session-end', text: END, values: [id] })
  return row?.sealed
}

/** Of the issuer: those of a person, or one by the issuer's name of it, begun until `seconds` since 1970. */
export async function endSessions(
  session: Session,
  issuer: string,
  of: { readonly subject: string | undefined; readonly sid: string | undefined },
  seconds: number,
): Promise<void> {
  await session.query({ text: END_MANY, values: [issuer, of.subject, of.sid, seconds] })
}
