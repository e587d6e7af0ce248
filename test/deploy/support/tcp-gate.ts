import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { freePort } from '../../support/free-ports.ts'

/** A port in front of the embedded PostgreSQL, whose socket is in a folder that only its own user may enter. */
export async function tcpGate(socketPath: string): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await freePort()
  const server = createServer((incoming) => {
    const outgoing = connect(socketPath)
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}
