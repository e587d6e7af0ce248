import { Dealer, Subscriber } from 'zeromq'
import type { ConnectionFile } from './connection-file.ts'
import { ProtocolConnection } from './protocol-connection.ts'
import { decodeFrames, encodeFrames } from './zmq-frames.ts'

/** Nothing is dropped, however long its reader takes; a kernel that is not there yet is looked for often. */
const SOCKET = { linger: 0, receiveHighWaterMark: 0, reconnectInterval: 10 } as const
/** A request whose answer is not there by then may have been answered before we could hear it. */
const NUDGE_MS = 500

/**
 * Speaks with a kernel over ZeroMQ. Answers once the kernel does and its outputs are heard. What is not read waits in
 * ZeroMQ: it is lossless only without a limit, since the kernel drops what it cannot hand on.
 */
export async function openDirectConnection(
  file: ConnectionFile,
  { kernelId, clientId }: { readonly kernelId: string; readonly clientId: string },
  signal: AbortSignal,
): Promise<ProtocolConnection> {
  const shell = new Dealer({ ...SOCKET, sendHighWaterMark: 0, routingId: clientId })
  const iopub = new Subscriber(SOCKET)
  shell.connect(file.address('shell'))
  iopub.connect(file.address('iopub'))
  iopub.subscribe()

  let mayRead = Promise.withResolvers<void>()
  mayRead.resolve()
  let sending: Promise<unknown> = Promise.resolve()
  const connection = new ProtocolConnection(
    { kernelId, clientId },
    {
      get open() {
        return !shell.closed
      },
      send(message) {
        const frames = encodeFrames(message, file.key)
        // A socket takes one at a time.
        sending = sending.then(() => shell.send(frames)).catch(() => connection.broken(BROKEN))
      },
      pause() {
        mayRead = Promise.withResolvers()
      },
      resume: () => mayRead.resolve(),
      async close() {
        mayRead.resolve()
        shell.close()
        iopub.close()
      },
    },
  )
  const read = async (channel: 'shell' | 'iopub', socket: Dealer | Subscriber) => {
    for await (const frames of socket) {
      const message = decodeFrames(channel, frames, file.key)
      if (message !== undefined) connection.receive(message)
      await mayRead.promise
    }
  }
  for (const reading of [read('shell', shell), read('iopub', iopub)]) {
    reading.catch(() => connection.broken(BROKEN))
  }
  try {
    await nudge(connection, signal)
    return connection
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
}

const BROKEN = 'The connection to the kernel broke.'

async function nudge(connection: ProtocolConnection, signal: AbortSignal): Promise<void> {
  for (;;) {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(NUDGE_MS)])
    try {
      await connection.info(soon)
      return
    } catch (error) {
      if (signal.aborted || !soon.aborted) throw error
    }
  }
}
