import { once } from 'node:events'
import { WebSocket } from 'ws'
import { RunnerError } from '../errors.ts'
import { ProtocolConnection } from './protocol-connection.ts'
import { type Framing, jsonFraming, V1_SUBPROTOCOL, v1Framing } from './websocket-frames.ts'

export interface ChannelsAddress {
  /** `ws:` or `wss:`, without any secret. */
  readonly url: string
  readonly token: string
  /** What to say where the token is not accepted. */
  readonly refused: string
  readonly kernelId: string
  readonly clientId: string
  /** Asked when nothing was heard for a while: a kernel that is ended by others may do so without a word. */
  exists(signal: AbortSignal): Promise<boolean>
}

/** No answer to a ping for so long: the way is broken, even where nobody says so. */
const PING_MS = 10_000
const CLOSE_MS = 1_000
/** One output of a notebook; a text longer than this could not be held in JavaScript. */
const MAX_MESSAGE_BYTES = 500 * 1024 * 1024

/**
 * Opens the channels of a kernel on a Jupyter server. The token goes into a header of the upgrade. Throws
 * `kernel-gone` where the server knows no such kernel, otherwise `kernel-host-failed`.
 */
export async function openServerConnection(
  { url, token, refused, kernelId, clientId, exists }: ChannelsAddress,
  signal: AbortSignal,
): Promise<ProtocolConnection> {
  signal.throwIfAborted()
  const socket = new WebSocket(url, [V1_SUBPROTOCOL], {
    headers: { authorization: `token ${token}` },
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    followRedirects: false,
  })
  let framing: Framing = v1Framing
  // A server that does not know the subprotocol names none, which the WebSocket would take for a failure. To try again
  // without it would cost what the server has kept for this client: it is handed to the first who comes.
  socket.on('upgrade', ({ headers }) => {
    if (headers['sec-websocket-protocol'] !== undefined) return
    framing = jsonFraming
    headers['sec-websocket-protocol'] = V1_SUBPROTOCOL
  })
  const connection = new ProtocolConnection(
    { kernelId, clientId },
    {
      get open() {
        return socket.readyState === WebSocket.OPEN
      },
      send: (message) => socket.send(framing.encode(message)),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: () => close(socket),
    },
  )
  socket.on('message', (data, isBinary) => {
    // Always a Buffer: no other binary type is asked for.
    if (!Buffer.isBuffer(data)) return
    try {
      connection.receive(framing.decode(data, isBinary))
    } catch {
      connection.broken('The Jupyter server sent a message that cannot be read.')
      socket.terminate()
    }
  })
  await opened(socket, refused, signal)
  const pings = setInterval(watchSilence(socket, connection, exists), PING_MS).unref()
  // What goes wrong later ends in `close` too.
  socket.on('error', (error) => connection.broken(`The connection to the kernel broke: ${error.message}.`))
  socket.on('close', (code) => {
    clearInterval(pings)
    connection.broken(`The Jupyter server closed the connection to the kernel (code ${code}).`)
  })
  return connection
}

function opened(socket: WebSocket, refused: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = () => {
    reject(failed('The Jupyter server did not open the channels of the kernel in time.', signal.reason))
    socket.terminate()
  }
  signal.addEventListener('abort', late)
  socket.once('open', resolve)
  socket.once('unexpected-response', (request, { statusCode = 0 }) => {
    request.destroy()
    reject(refusal(statusCode, refused))
  })
  socket.once('error', (cause) =>
    reject(failed('The channels of the kernel could not be opened on the Jupyter server.', cause)),
  )
  return promise.finally(() => signal.removeEventListener('abort', late))
}

function refusal(status: number, refused: string): RunnerError {
  if (status === 404)
    return new RunnerError('kernel-gone', 'The kernel is gone: its server does not know it.')
  if (status === 401 || status === 403) return failed(refused)
  return failed(`The Jupyter server did not open the channels of the kernel (status ${status}).`)
}

/** To be called at intervals. While nothing is read there can be no answer, so none is missed. */
function watchSilence(
  socket: WebSocket,
  connection: ProtocolConnection,
  exists: ChannelsAddress['exists'],
): () => void {
  let heard = true
  let pinged = false
  socket.on('pong', () => {
    pinged = false
  })
  socket.on('message', () => {
    heard = true
    pinged = false
  })
  return () => {
    if (heard || connection.paused) {
      heard = false
      pinged = false
      return
    }
    if (pinged) {
      connection.broken('The Jupyter server does not answer any more.')
      socket.terminate()
      return
    }
    pinged = true
    socket.ping()
    // A server that does not say is found out by the ping.
    exists(AbortSignal.timeout(PING_MS)).then(
      (there) => there || connection.died(),
      () => undefined,
    )
  }
}

async function close(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(CLOSE_MS) })
  socket.resume()
  socket.close(1000)
  await closed.catch(() => socket.terminate())
}

function failed(message: string, cause?: unknown): RunnerError {
  return new RunnerError('kernel-host-failed', message, { cause })
}
