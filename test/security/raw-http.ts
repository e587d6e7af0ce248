import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  /** By lower-case name; several of one name joined by newlines. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface Exchange {
  /** In order; what cannot be read as an answer makes the test fail. */
  readonly answers: readonly Answer[]
  /** Milliseconds until the server hung up; undefined where it had not after `waitMs`. */
  readonly closedAfter: number | undefined
}

export interface Talk {
  /** How long the server is given to hang up. */
  readonly waitMs?: number
  /** Sent again and again, every half second. */
  readonly drip?: string
}

/** Sends these very bytes: no client's idea of what a request should look like comes between. */
export function talk(url: string, bytes: string | Uint8Array, options: Talk = {}): Promise<Exchange> {
  const { waitMs = 20_000, drip } = options
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), 500)
    const end = (closedAfter: number | undefined) => {
      clearInterval(dripping)
      clearTimeout(patience)
      socket.destroy()
      try {
        resolve({ answers: answersOf(text), closedAfter })
      } catch (error) {
        reject(error)
      }
    }
    const patience = setTimeout(() => end(undefined), waitMs)
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += String(chunk)
    })
    // A server that hangs up while we still send resets the connection.
    socket.on('error', () => undefined)
    socket.on('close', () => end(performance.now() - begun))
  })
}

export interface RawRequest {
  readonly method?: string
  /** As it stands in the request line. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One request on a connection of its own. `Host` is that of the URL unless given. */
export async function send(url: string, request: RawRequest): Promise<Answer> {
  const { method = 'GET', target, headers = {} } = request
  const all = { host: new URL(url).host, connection: 'close', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
  const { answers } = await talk(url, bytes)
  const [answer] = answers
  if (answer === undefined || answers.length > 1)
    throw new Error(`${answers.length} answers to ${JSON.stringify(target)}`)
  return answer
}

function answersOf(text: string): Answer[] {
  const answers: Answer[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n')
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(first) ?? []
    if (end < 0 || status === undefined)
      throw new Error(`Not an answer: ${JSON.stringify(rest.slice(0, 200))}`)
    const headers = new Map<string, string>()
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^:]+): ?(.*)$/s.exec(line) ?? []
      const key = name.toLowerCase()
      const known = headers.get(key)
      headers.set(key, known === undefined ? value : `${known}\n${value}`)
    }
    const length = Number(headers.get('content-length') ?? 0)
    const chunked = headers.get('transfer-encoding') === 'chunked'
    const body = rest.slice(end + 4)
    answers.push({ status: Number(status), headers, body: chunked ? body : body.slice(0, length) })
    rest = chunked ? '' : body.slice(length)
  }
  return answers
}
