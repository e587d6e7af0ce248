import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { notebookOf } from '../test/support/notebook-folder.ts'
import { cpuSeconds, peakMiB } from './processes.ts'
import { startRunService } from './run-service.ts'
import { round, table } from './table.ts'

const WATCHERS = 1_000
const SECONDS = 20
const NOTEBOOK = notebookOf([
  `import time\nfor number in range(${SECONDS * 20}):\n    print(number, flush=True)\n    time.sleep(0.05)`,
])
/** All of them are there by then. */
const WARM_UP_MS = 5_000

/** Everybody watches one run: how long after the database's time of an event it is there, and what memory that takes. */
export async function benchWatchers(): Promise<string> {
  // The first start after a change strips the types of the sources and keeps 40 MiB for it; later ones do not.
  await (await startRunService({ ticking: NOTEBOOK }))[Symbol.asyncDispose]()
  await using service = await startRunService({ ticking: NOTEBOOK })
  const { pid, url } = service.service
  const before = peakMiB(pid)
  const id = await service.accept('ticking')
  const lags: number[] = []
  const heard: number[] = []
  const counting = performance.now() + WARM_UP_MS
  const cpuBefore = cpuSeconds(pid)
  const sockets: Promise<void>[] = []
  for (let index = 0; index < WATCHERS; index++) {
    heard.push(0)
    sockets.push(
      watch(url, `/jobs/${id}/events`, service.token, (lag) => {
        heard[index] = (heard[index] ?? 0) + 1
        if (performance.now() > counting) lags.push(lag)
      }),
    )
    if (index % 50 === 0) await pause(10)
  }
  await Promise.all(sockets)
  await service.succeeded(id)
  const events = await service.events(id)
  const sorted = lags.toSorted((a, b) => a - b)
  const at = (share: number) => round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN, 0)
  return [
    `## ${WATCHERS.toLocaleString('en')} watchers of one run`,
    '',
    table(
      [
        'events of the run',
        'watchers that got all of them',
        'lag ms: median',
        '95 in 100',
        'at most',
        'server CPU s',
        'most memory of the server, MiB',
      ],
      [
        [
          events.length,
          heard.filter((count) => count === events.length).length,
          at(0.5),
          at(0.95),
          round(sorted.at(-1) ?? Number.NaN, 0),
          round(cpuSeconds(pid) - cpuBefore),
          `${round(peakMiB(pid), 0)} (before: ${round(before, 0)})`,
        ],
      ],
    ),
  ].join('\n')
}

const AT = /"at":"([^"]+)"/g

/** Reads the events of a run to the end, and tells of each how many milliseconds old it is. */
export async function watch(
  url: string,
  path: string,
  token: string,
  told: (lag: number) => void,
): Promise<void> {
  const { hostname, port, host } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  socket.setEncoding('latin1')
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\naccept: text/event-stream\r\n\r\n`,
  )
  let rest = ''
  socket.on('data', (text: string) => {
    rest += text
    // Up to the last whole event; what is left has the size of a part of one.
    const end = rest.lastIndexOf('\n\n')
    if (end < 0) return
    const whole = rest.slice(0, end)
    rest = rest.slice(end)
    const now = Date.now()
    for (const [, at = ''] of whole.matchAll(AT)) told(now - Date.parse(at))
  })
  await once(socket, 'close')
}
