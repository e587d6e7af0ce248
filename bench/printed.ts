import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setInterval as every } from 'node:timers/promises'
import { notebookOf } from '../test/support/notebook-folder.ts'
import { tempFolder } from '../test/support/temp-folder.ts'
import { peakMiB } from './processes.ts'
import { ENVIRONMENT, PAPERMILL, RUNNER } from './programs.ts'
import { startRunService } from './run-service.ts'
import { round, table } from './table.ts'

const MEGABYTES = 100
/** Lines of a hundred bytes, as a program that prints much does. */
const NOTEBOOK = notebookOf([`for line in range(${MEGABYTES * 10_000}):\n    print("x" * 99)`])
const LIMITS = { MAX_OUTPUT_BYTES: `${MEGABYTES * 2_000_000}` }

/** A cell that prints 100 MB: how long it takes to its end in the stored notebook, and the memory that it takes. */
export async function benchPrinted(): Promise<string> {
  await using folder = await tempFolder()
  const input = join(folder.path, 'in.ipynb')
  await writeFile(input, NOTEBOOK)
  const out = (name: string) => join(folder.path, `${name}.ipynb`)
  const rows: (readonly (string | number)[])[] = []
  for (const [name, command] of [
    ['papermill', [PAPERMILL, input, out('papermill'), '--no-progress-bar']],
    ['notebook-runner run', [RUNNER, 'run', input, out('ours')]],
  ] as const) {
    const { seconds, mib } = await measured(command)
    rows.push([name, round(seconds), round(mib, 0)])
  }
  // The first start after a change strips the types of the sources and keeps 40 MiB for it; later ones do not.
  await (await startRunService({ printed: NOTEBOOK }))[Symbol.asyncDispose]()
  await using service = await startRunService({ printed: NOTEBOOK }, LIMITS)
  const before = peakMiB(service.service.pid)
  const job = await service.succeeded(await service.accept('printed'))
  rows.push([
    'a service, accepted to succeeded',
    round((job.finished - job.created) / 1000),
    `${round(peakMiB(service.service.pid), 0)} (before: ${round(before, 0)})`,
  ])
  return [
    `## A cell that prints ${MEGABYTES} MB`,
    '',
    table(['', 's', 'most memory of its own process, MiB'], rows),
  ].join('\n')
}

/** Without the kernel, which is the same for all. */
async function measured([command = '', ...args]: readonly string[]): Promise<{
  seconds: number
  mib: number
}> {
  const begun = performance.now()
  const child = spawn(command, args, {
    env: { ...process.env, VIRTUAL_ENV: ENVIRONMENT, PATH: `${ENVIRONMENT}/bin:${process.env['PATH']}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = new AbortController()
  let mib = 0
  const watching = (async () => {
    for await (const _ of every(50, undefined, { signal: stop.signal }))
      mib = Math.max(mib, peakMiB(child.pid ?? 0))
  })().catch(() => undefined)
  await once(child, 'exit')
  const seconds = (performance.now() - begun) / 1000
  stop.abort()
  await watching
  if (child.exitCode !== 0) throw new Error(`${command} ended with ${child.exitCode}`)
  return { seconds, mib }
}
