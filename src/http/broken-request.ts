import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { RunnerError } from '../errors.ts'
import { toProblem } from './problem.ts'

/**
 * Answers what is no HTTP request, is too large to be one, or did not arrive in time, and hangs up. It is not logged:
 * the error holds the bytes that came, a token perhaps among them.
 */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const problem = toProblem(asRunnerError(error.code), randomUUID())
    const body = JSON.stringify(problem)
    const head = [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'connection: close',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
  socket.destroy()
}

function asRunnerError(code: string | undefined): RunnerError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RunnerError('too-large', 'Address and headers of a request may have 64 kB together.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new RunnerError('invalid-request', 'The request did not arrive in time. Send it again.')
  return new RunnerError('invalid-request', 'This is not a request by the rules of HTTP/1.1.')
}
