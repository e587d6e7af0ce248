import { setTimeout as pause } from 'node:timers/promises'
import { trivialNotebook } from './notebooks.ts'
import { bareKernel, median } from './programs.ts'
import { type RunService, startRunService } from './run-service.ts'
import { round, table } from './table.ts'

const ROUNDS = 7
const CELLS = [10, 100, 1000]
/** For the next kernel to be started ahead. */
const REFILL_MS = 8_000

/** Runs of a service, beside a bare kernel: short ones from a warm pool, and those of many cells over a WebSocket. */
export async function benchRuns(): Promise<string> {
  const notebooks = Object.fromEntries(
    [4, ...CELLS].map((cells) => [`trivial-${cells}`, trivialNotebook(cells)]),
  )
  const rows: (readonly (string | number)[])[] = []
  const bare = bareKernel(4)
  rows.push(['a bare kernel: its start', round(bare.start * 1000, 0)])
  rows.push(['a bare kernel: its four cells', round(bare.cells * 1000, 0)])
  {
    await using cold = await startRunService(notebooks, { WARM_KERNELS: '0' })
    rows.push(['accepted to succeeded, no kernel waits', round(await shortRun(cold), 0)])
  }
  await using service = await startRunService(notebooks, { WARM_KERNELS: '2' })
  rows.push(['accepted to succeeded, a kernel waits', round(await shortRun(service), 0)])

  const cellRows: (readonly (string | number)[])[] = []
  for (const cells of CELLS) {
    await pause(REFILL_MS)
    const loop = bareKernel(cells).cells * 1000
    const id = await service.accept(`trivial-${cells}`)
    await service.succeeded(id)
    const events = await service.events(id)
    const at = (state: string) => events.find((event) => event.state === state)?.at ?? Number.NaN
    const took = at('saving') - at('running')
    cellRows.push([
      cells,
      round(loop / cells, 2),
      round(took / cells, 2),
      `${round(took / loop, 2)}×`,
      events.length,
    ])
  }
  return [
    `## A run of four trivial cells by the service, median of ${ROUNDS}`,
    '',
    table(['', 'ms'], rows),
    '',
    '## Many trivial cells by the service, milliseconds each, with events and checkpoints',
    '',
    table(['cells', 'bare kernel', 'run', 'of the bare kernel', 'events'], cellRows),
  ].join('\n')
}

/** Milliseconds by the clock of the database. */
async function shortRun(service: RunService): Promise<number> {
  const times: number[] = []
  for (let i = 0; i <= ROUNDS; i++) {
    const job = await service.succeeded(await service.accept('trivial-4'))
    // The first begins before a kernel of its kind is ready.
    if (i > 0) times.push(job.finished - job.created)
    await pause(REFILL_MS)
  }
  return median(times)
}
