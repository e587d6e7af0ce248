import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { listening } from './listening.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real HTTP server on 127.0.0.1 whose answers, and faults, are changed while it runs. */
export interface TestServer {
  readonly origin: string
  readonly port: number
  /** `METHOD path` of everything asked, in order. */
  readonly requests: string[]
  /** How many connections arrived, whether or not anything was asked on them. */
  connections: number
  /** The request's headers, by the same index as `requests`. */
  readonly headers: IncomingMessage['headers'][]
  on(path: string, answer: Answer): void
  [Symbol.asyncDispose](): Promise<void>
}

export async function startHttpServer(): Promise<TestServer> {
  const answers = new Map<string, Answer>()
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    test.requests.push(`${request.method} ${request.url}`)
    test.headers.push(request.headers)
    const answer = answers.get(new URL(request.url ?? '/', 'http://any').pathname) ?? status(404)
    answer(request, response)
  })
  server.on('connection', (socket) => {
    test.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A client that hangs up early is what several tests are about.
    socket.on('error', () => undefined)
  })
  const port = await listening(server)
  const test: TestServer = {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    headers: [],
    connections: 0,
    on: (path, answer) => {
      answers.set(path, answer)
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return test
}

/** Nothing but a status. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end()
}

export function text(body: string | Uint8Array, headers: Record<string, string> = {}): Answer {
  return (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)
}

export function html(): Answer {
  return text('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' })
}

/** 304 when the caller has that version already. */
export function tagged(body: string | Uint8Array, etag: string): Answer {
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
    else response.writeHead(200, { etag }).end(body)
  }
}

export function redirect(location: string, code = 302): Answer {
  return status(code, { location })
}

/** Says how much will come, sends less and hangs up. */
export function truncated(body: string): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': String(Buffer.byteLength(body)) })
    response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy())
  }
}

/** Begins to answer, and never ends. */
export function stuck(): Answer {
  return (_request, response) => {
    response.writeHead(200)
    response.write('[')
  }
}

/** Accepts the request and never answers. */
export function silent(): Answer {
  return () => undefined
}

/** Sends without end and without saying how much, as long as the other side reads. */
export function endless(): Answer {
  return (_request, response) => {
    const chunk = Buffer.alloc(64 * 1024, ' ')
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.writeHead(200)
    response.on('drain', more)
    more()
  }
}
