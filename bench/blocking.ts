import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { tempFolder } from '../test/support/temp-folder.ts'
import { startServices } from './services.ts'
import { round, table } from './table.ts'

const ROUNDS = 5

/** How long other requests wait while a big notebook is prepared, the first time (read and compiled) and later. */
export async function benchBlocking(): Promise<string> {
  await using folder = await tempFolder()
  await writeCatalogue(folder.path)
  await using services = await startServices()
  await using ours = await services.ours(folder.path)
  const rows: (string | number)[][] = []
  for (const id of ['cells-1000', 'output-20mb']) {
    for (const [when, rounds] of [
      ['first', 1],
      ['later', ROUNDS],
    ] as const) {
      const probe = new AbortController()
      const slowest = longestWait(ours.url, probe.signal)
      const begun = performance.now()
      for (let round = 0; round < rounds; round++) await prepare(ours.url, services.token, id)
      const took = (performance.now() - begun) / rounds
      probe.abort()
      rows.push([id, when, round(took, 0), round(await slowest, 1)])
    }
  }
  return [
    '## Big notebooks',
    '',
    table(['notebook', 'prepared', 'ms each', 'longest wait of another request ms'], rows),
  ].join('\n')
}

async function prepare(url: string, token: string, id: string): Promise<void> {
  const response = await fetch(`${url}/run/notebook/${id}?x=2`, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}` },
  })
  if (response.status !== 303) throw new Error(`${id}: ${response.status} ${await response.text()}`)
  await response.body?.cancel()
}

/** The longest answer of /livez, asked again and again until the signal. */
async function longestWait(url: string, signal: AbortSignal): Promise<number> {
  let longest = 0
  while (!signal.aborted) {
    const asked = performance.now()
    await (await fetch(`${url}/livez`)).text()
    longest = Math.max(longest, performance.now() - asked)
    await pause(2)
  }
  return longest
}

async function writeCatalogue(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const parameters = code('x = 1', ['parameters'])
  const cells = Array.from({ length: 999 }, (_, index) => code(`y${index} = x + ${index}`, []))
  const output = { output_type: 'stream', name: 'stdout', text: 'x'.repeat(20 * 2 ** 20) }
  await writeFile(join(folder, 'cells-1000.ipynb'), notebook([parameters, ...cells]))
  await writeFile(
    join(folder, 'output-20mb.ipynb'),
    notebook([parameters, { ...code('print(x)', []), outputs: [output] }]),
  )
}

interface Code {
  readonly cell_type: 'code'
  readonly execution_count: null
  readonly metadata: { readonly tags: readonly string[] }
  readonly outputs: readonly unknown[]
  readonly source: string
}

const code = (source: string, tags: readonly string[]): Code => ({
  cell_type: 'code',
  execution_count: null,
  metadata: { tags },
  outputs: [],
  source,
})

const notebook = (cells: readonly unknown[]): string =>
  JSON.stringify({
    cells,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 4,
  })
