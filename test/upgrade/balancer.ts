import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { listening } from '../support/listening.ts'

const PROBE_MS = 200
const PATIENCE_MS = 60_000

/**
 * A load balancer as Kubernetes has it: it sends requests in turn to the servers whose `/readyz` answers with 200, and none
 * any more to one that is taken out. It tries nothing twice: what a server fails, fails.
 */
export interface Balancer extends AsyncDisposable {
  readonly url: string
  /** Resolves once the server is ready, and gets requests. Throws where it is not in time. */
  add(server: string): Promise<void>
  /** No new request goes there from now on, whatever it says of itself. */
  remove(server: string): void
}

export async function startBalancer(): Promise<Balancer> {
  const servers = new Map<string, { ready: boolean }>()
  let turn = 0
  const next = () => {
    const ready = [...servers].filter(([, state]) => state.ready)
    turn += 1
    return ready[turn % Math.max(1, ready.length)]?.[0]
  }
  const front = createServer((incoming, outgoing) => forward(next(), incoming, outgoing))
  const port = await listening(front)
  const stop = new AbortController()
  const probing = (async () => {
    while (!stop.signal.aborted) {
      await Promise.all(
        [...servers].map(async ([server, state]) => {
          state.ready = await isReady(server)
        }),
      )
      await pause(PROBE_MS, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()
  return {
    url: `http://127.0.0.1:${port}`,
    async add(server) {
      const state = { ready: false }
      servers.set(server, state)
      const end = performance.now() + PATIENCE_MS
      while (!state.ready) {
        if (performance.now() > end) throw new Error(`${server} is not ready`)
        await pause(PROBE_MS / 4)
      }
    },
    remove: (server) => void servers.delete(server),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await probing
      front.closeAllConnections()
      await new Promise((done) => front.close(done))
    },
  }
}

const isReady = (server: string): Promise<boolean> =>
  fetch(`${server}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
    ({ status }) => status === 200,
    () => false,
  )

function forward(server: string | undefined, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const fail = (why: string) => {
    if (outgoing.headersSent) return void outgoing.destroy()
    outgoing.writeHead(502).end(why)
  }
  if (server === undefined) {
    fail('no server is ready')
    return
  }
  // A connection of its own for each request: one that is kept may be closed by the server at any moment.
  const { connection: _, ...headers } = incoming.headers
  const upstream = request(
    `${server}${incoming.url}`,
    { method: incoming.method, headers, agent: false },
    (answer) => {
      const { connection: _, ...kept } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, kept)
      answer.on('error', () => outgoing.destroy()).pipe(outgoing)
    },
  )
  upstream.on('error', (error) => fail(`${server}: ${error.message}`))
  outgoing.on('close', () => upstream.destroy())
  incoming.pipe(upstream)
}
