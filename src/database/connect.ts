import pg from 'pg'
import { RunnerError } from '../errors.ts'
import type { ChildLog } from '../process/shared-child.ts'
import type { EmbeddedTarget } from './embedded-postgres.ts'

export type DatabaseTarget = EmbeddedTarget | { readonly kind: 'url'; readonly url: string }

/** One statement. With a `name` it is parsed and planned once per connection: for those that run often. */
interface Statement {
  readonly name?: string
  readonly text: string
  readonly values?: readonly unknown[]
  /** How long its answer is waited for, where that is longer than usual. */
  readonly patienceMs?: number
}

export interface Session {
  /** The rows. `Row` is what the statement selects, as the driver gives it. Throws `database-failed`. */
  query<Row extends pg.QueryResultRow>(statement: Statement): Promise<readonly Row[]>
}

export interface Database extends Session, AsyncDisposable {
  /**
   * Everything in `work` happens, or nothing of it. Throws what `work` throws, and `database-failed`. `first`: a statement
   * without values that is sent along with the begin, where there is no time to wait for each by itself.
   */
  transaction<T>(work: (session: Session) => Promise<T>, first?: string): Promise<T>
  /** True when it answers. */
  ping(): Promise<boolean>
}

/** The driver gives up a little after the server does, so that it is the server that says why. */
const TIMEOUT_MS = { connect: 10_000, statement: 15_000, answer: 20_000 }
/** Of one process at most; what listens has one of its own. */
export const CONNECTIONS = 10

/** As the driver takes it. */
export const addressOf = (target: DatabaseTarget): pg.ClientConfig =>
  target.kind === 'url'
    ? { connectionString: target.url, keepAlive: true }
    : { host: target.socketFolder, user: target.user, database: target.database }

/** A pool of connections. Connects when it is needed: `ping` says whether it can. */
export function connectDatabase(target: DatabaseTarget, log: ChildLog): Database {
  const pool = new pg.Pool({
    ...addressOf(target),
    max: CONNECTIONS,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: TIMEOUT_MS.connect,
    statement_timeout: TIMEOUT_MS.statement,
    query_timeout: TIMEOUT_MS.answer,
    application_name: 'notebook-runner',
  })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ error: error.message }, 'A connection to the database broke'))
  const query = querying(pool)
  return {
    query,
    async transaction(work, first) {
      const client = await pool.connect().catch(fail)
      // A connection that breaks while it is not in a query: the next query says so.
      const ignore = () => undefined
      client.on('error', ignore)
      const session = { query: querying(client) }
      let broken = true
      try {
        await session.query({ text: first === undefined ? 'BEGIN' : `BEGIN; ${first}` })
        const result = await work(session)
        await session.query({ text: 'COMMIT' })
        broken = false
        return result
      } finally {
        client.off('error', ignore)
        // Closing the connection is what rolls back, whatever state it is in.
        client.release(broken)
      }
    },
    async ping() {
      return query({ text: 'SELECT 1' }).then(
        () => true,
        () => false,
      )
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

function querying(connection: pg.Pool | pg.PoolClient): Session['query'] {
  return async <Row extends pg.QueryResultRow>({ values, patienceMs, ...statement }: Statement) => {
    const patience = patienceMs === undefined ? {} : { query_timeout: patienceMs }
    const given = values === undefined ? {} : { values: [...values] }
    const config = { ...statement, ...given, ...patience }
    return (await connection.query<Row>(config).catch(fail)).rows
  }
}

/** The driver's error keeps the values of the row (`detail`, `where`), which belong in no log. */
function fail(error: unknown): never {
  const code = error instanceof pg.DatabaseError ? `${error.code}: ` : ''
  // A name with several addresses fails with one error for each, and no words of its own.
  const first = error instanceof AggregateError ? error.errors[0] : error
  const cause = new Error(`${code}${first instanceof Error ? first.message : String(first)}`)
  throw new RunnerError(
    'database-failed',
    'The database did not answer as it should. Try again in a moment.',
    {
      cause,
    },
  )
}
