import { once } from 'node:events'
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net'
import { freePort } from './free-ports.ts'

/** A way to a server that can be closed: nothing listens there then, and whoever had a connection has none. */
export interface Gate extends AsyncDisposable {
  readonly port: number
  close(): Promise<void>
  open(): Promise<void>
}

/** An open one, on a free port of 127.0.0.1. @param target a port, or the path of a socket */
export async function openGate(target: NetConnectOpts): Promise<Gate> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
        .pipe(to)
    }
  })
  const open = async () => void (await once(server.listen(port, '127.0.0.1'), 'listening'))
  const close = async () => {
    if (!server.listening) return
    const closed = once(server.close(), 'close')
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await open()
  return { port, open, close, [Symbol.asyncDispose]: close }
}
