import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { temporaryDataDir } from '../test/support/postgres.ts'
import { counterNotebook, serviceFolder, sharedProcess, stopShared } from '../test/support/service-process.ts'
import { FAULTS, type Fault } from './chaos/faults.ts'
import { Fleet } from './chaos/fleet.ts'
import { type Judgement, judge } from './chaos/judge.ts'
import { randomFrom } from './chaos/random.ts'
import { table } from './table.ts'

// Faults at random moments over many runs at once, and then the question what became of each run.
//   npm run chaos -- [--rounds N] [--seed S] [--fault NAME]
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    fault: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const random = randomFrom(Number(values.seed))
const RUNS = 10

interface Row {
  readonly fault: string
  rounds: number
  readonly judgements: Judgement[]
  readonly wrong: string[]
  /** Why it could not be tried. */
  skipped?: string
}

const rows: Row[] = []
for (const fault of FAULTS.filter(({ name }) => values.fault === undefined || name === values.fault)) {
  const row: Row = { fault: fault.name, rounds: 0, judgements: [], wrong: [] }
  rows.push(row)
  for (let round = 0; round < rounds; round++) {
    row.rounds += 1
    process.stderr.write(`${fault.name}, round ${round + 1} of ${rounds}\n`)
    await oneRound(fault, row).catch((error: unknown) => row.wrong.push(whole(error)))
  }
}

const count = (row: Row, verdict: Judgement['verdict']) =>
  row.judgements.filter((one) => one.verdict === verdict).length
const ends = (row: Row) =>
  [...Map.groupBy(row.judgements, ({ end }) => end)].map(([end, some]) => `${some.length} ${end}`).join(', ')
process.stdout.write(
  `${table(
    ['fault', 'rounds', 'runs', 'ended as', 'lost', 'doubled', 'wrong'],
    rows.map((row) => [
      row.fault,
      row.rounds,
      row.judgements.length,
      row.skipped === undefined ? ends(row) : `skipped: ${row.skipped}`,
      count(row, 'lost'),
      count(row, 'doubled'),
      count(row, 'wrong') + row.wrong.length,
    ]),
  )}\n`,
)
const bad = rows.flatMap(({ fault, judgements, wrong }) => [
  ...judgements.filter(({ verdict }) => verdict !== 'right').map(({ why }) => `${fault}: ${why}`),
  ...wrong.map((why) => `${fault}: ${why}`),
])
for (const line of bad) process.stdout.write(`- ${line}\n`)
process.exitCode = bad.length === 0 ? 0 : 1

/** What went wrong first, too, where ending what had been started went wrong as well. */
function whole(error: unknown): string {
  return error instanceof SuppressedError
    ? `${whole(error.suppressed)}; then ${whole(error.error)}`
    : String(error)
}

/** New data, two services, runs at once, the fault in the middle of them; then all of it is looked at. */
async function oneRound(fault: Fault, row: Row): Promise<void> {
  await using data = await temporaryDataDir()
  const folder = await serviceFolder(data.path, randomBytes(12).toString('hex'), counterNotebook(5, 6))
  const ground = await fault.prepare(folder)
  if ('skipped' in ground) {
    row.skipped = ground.skipped
    return
  }
  try {
    await using fleet = await Fleet.start(folder, random, ground)
    const ids: string[] = []
    for (let run = 0; run < RUNS; run++) ids.push(await fleet.accept(random() < 0.2 ? 3 : -1))
    const started = performance.now()
    await ground.strike(fleet, ids)
    for (const id of ids) row.judgements.push(await judge(fleet, folder, id, fault))
    process.stderr.write(`  ${Math.round((performance.now() - started) / 1000)} s\n`)
    row.wrong.push(...(await fleet.leftovers()), ...fleet.unexpected)
  } finally {
    for (const name of ['postgres', 'jupyter'] as const) {
      if ((await sharedProcess(folder, name)) !== undefined) row.wrong.push(`${name} was left running`)
    }
    await stopShared(folder)
    await ground[Symbol.asyncDispose]()
    await rm(join(folder.path, 'workspaces'), { recursive: true, force: true })
  }
}
