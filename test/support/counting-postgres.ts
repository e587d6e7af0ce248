import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { EmbeddedTarget } from '../../src/database/embedded-postgres.ts'
import { tempFolder } from './temp-folder.ts'

export interface CountingPostgres extends AsyncDisposable {
  /** For `DATABASE_URL`. */
  readonly url: string
  /** What was executed since the last call, as often as it was. */
  statements(): readonly string[]
}

/**
 * Stands between a service and its PostgreSQL, passes everything on, and reads along which statements are executed: the
 * messages of https://www.postgresql.org/docs/current/protocol-message-formats.html.
 */
export async function countingPostgres({
  socketFolder,
  user,
  database,
}: EmbeddedTarget): Promise<CountingPostgres> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder()).path
  let executed: string[] = []
  const server = createServer((client) => {
    const real = connect(join(socketFolder, SOCKET))
    const reader = new StatementReader((text) => executed.push(text))
    client.on('data', (bytes: Buffer) => reader.read(bytes))
    client.pipe(real).pipe(client)
    for (const [one, other] of [
      [client, real],
      [real, client],
    ] satisfies [Socket, Socket][])
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
    open.add(client)
    client.once('close', () => open.delete(client))
  })
  const open = new Set<Socket>()
  server.listen(join(folder, SOCKET))
  await once(server, 'listening')
  stack.defer(async () => {
    for (const socket of open) socket.destroy()
    await new Promise((done) => server.close(done))
  })
  const kept = stack.move()
  return {
    url: `postgres://${user}@${encodeURIComponent(folder)}/${database}`,
    statements() {
      const seen = executed
      executed = []
      return seen
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const SOCKET = '.s.PGSQL.5432'
const [PARSE, BIND, QUERY] = ['P', 'B', 'Q'].map((letter) => letter.charCodeAt(0))

/** What a client says, from the first byte of its connection on. */
class StatementReader {
  readonly #tell: (text: string) => void
  readonly #prepared = new Map<string, string>()
  #rest: Buffer = Buffer.alloc(0)
  #started = false

  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    for (;;) {
      // The first message has no letter before its length.
      const head = this.#started ? 1 : 0
      if (this.#rest.length < head + 4) return
      const end = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < end) return
      if (this.#started) this.#message(this.#rest[0], this.#rest.subarray(5, end))
      this.#started = true
      this.#rest = this.#rest.subarray(end)
    }
  }

  #message(kind: number | undefined, body: Buffer): void {
    const [first = '', second = ''] = body.toString('utf8').split('\0', 2)
    if (kind === QUERY) this.#tell(first)
    if (kind === PARSE) this.#prepared.set(first, second)
    // Portal, then the name of the statement.
    if (kind === BIND) this.#tell(this.#prepared.get(second) ?? second)
  }
}
