import { createServer, request } from 'node:http'
import { listening } from './listening.ts'

export interface CountingProxy {
  readonly url: string
  /** Requests so far. */
  readonly count: () => number
  /** What came in them, in the order in which they came. */
  readonly bodies: () => readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** Passes each request on unchanged (signatures cover the Host header) and counts it; `rewrite` changes the answers. */
export async function countingProxy(
  target: string,
  rewrite: (body: string) => string = (body) => body,
): Promise<CountingProxy> {
  const bodies: string[] = []
  const server = createServer((incoming, outgoing) => {
    const place = bodies.push('') - 1
    incoming.on('data', (chunk) => {
      bodies[place] += String(chunk)
    })
    const { method, url = '/', headers } = incoming
    const passed = request(new URL(url, target), { method, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () => {
        const body = rewrite(Buffer.concat(chunks).toString('utf8'))
        const { 'content-length': _, 'transfer-encoding': __, ...kept } = answer.headers
        outgoing.writeHead(answer.statusCode ?? 502, kept).end(body)
      })
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  const port = await listening(server)
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => bodies.length,
    bodies: () => bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
