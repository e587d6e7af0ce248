import { expect, it } from 'vitest'
import { freePort } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { talk } from './raw-http.ts'

it('a slow client is hung up on at the port of the metrics as well', { timeout: 90_000 }, async () => {
  await using folder = await temporaryDataDir()
  const port = await freePort()
  await using _runner = await startRunner({
    DATA_DIR: folder.path,
    KERNELS: 'none',
    VIEW_URL: 'https://lab.example/{path}',
    METRICS_PORT: String(port),
  })
  const url = `http://127.0.0.1:${port}`
  expect((await fetch(`${url}/metrics`)).status).toBe(200)
  const post =
    'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n'
  const ends = await Promise.all(
    ['GET /metrics HTTP/1.1\r\n', post].map((bytes) =>
      talk(url, bytes, { drip: 'X: y\r\n', waitMs: 60_000 }),
    ),
  )
  for (const { closedAfter } of ends) expect(closedAfter).toBeLessThan(30_000)
})
