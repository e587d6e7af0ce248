import { table } from '../table.ts'
import type { Figures } from './figures.ts'
import type { Limit } from './limits.ts'
import { type Needs, runsPerWorker } from './needs.ts'

const figure = (value: number, digits = 3): string =>
  Number.isFinite(value) ? Number(value.toPrecision(digits)).toLocaleString('en') : 'not to be had'

/** What was measured, for one of each. */
export function figuresTables(figures: Figures): string {
  const { cost, run, server, worker, database, claims } = figures
  const costs = [
    ['a link that prepares a notebook', cost.prepare],
    ['a run accepted', cost.accept],
    ['a page of the history', cost.history],
    ['the state of a run', cost.status],
    ['an event, to one who watches', cost.delivery],
    ['news of an event, at each process that listens', cost.notice],
    ['a run executed (in the worker)', cost.run],
  ] as const
  return [
    `Measured on ${figures.machine}:`,
    '',
    table(
      ['for one', 'CPU of the process, ms', 'CPU of PostgreSQL, ms'],
      costs.map(([what, each]) => [what, figure(each.server), figure(each.database)]),
    ),
    '',
    table(
      ['', ''],
      [
        ['memory of an idle server, MiB', figure(server.idleMiB)],
        ['and for each who watches a run, MiB', figure(server.watcherMiB)],
        ['memory of an idle worker, MiB', figure(worker.idleMiB)],
        ['and for each run that it works on, MiB', figure(worker.runMiB)],
        ['memory of a kernel, MiB', figure(figures.kernel.MiB)],
        ['memory of a connection in PostgreSQL, MiB', figure(database.connectionMiB)],
        ['from accepted to a new kernel that runs, s', figure(figures.startSeconds)],
        ['cells of the measured run', run.cells],
        ['events of the measured run', run.events],
      ],
    ),
    '',
    table(
      ['table', 'rows of a run', 'bytes of a run, with indexes'],
      Object.entries(run.tables).map(([name, { rows, bytes }]) => [`\`${name}\``, rows, figure(bytes, 6)]),
    ),
    '',
    table(
      ['runs that go', 'people who wait', 'a claim takes, ms'],
      claims.map(({ live, waiting, ms }) => [figure(live), figure(waiting), ms]),
    ),
  ].join('\n')
}

/** What so many people need, side by side. */
export function needsTable(all: readonly Needs[], figures: Figures): string {
  const rows: readonly (readonly [string, (needs: Needs) => number])[] = [
    ['runs a day', ({ runsADay }) => runsADay],
    ['requests a second', ({ requestRate }) => requestRate],
    ['runs that go at a time', ({ live }) => live],
    ['places for runs (`MAX_CONCURRENT_RUNS` of all workers)', ({ places }) => places],
    ['a run waits for a place, s, 95 in 100 less than', ({ runWait95 }) => runWait95],
    ['servers', ({ servers }) => servers],
    ['a request waits for its server, ms, 99 in 100 less than', (needs) => needs.requestWait99 * 1_000],
    [`workers (of ${runsPerWorker(figures)} runs at most)`, ({ workers }) => workers],
    ['connections to PostgreSQL', ({ connections }) => connections],
    ['cores of PostgreSQL', ({ databaseCores }) => databaseCores],
    ['PostgreSQL on disk, GB', ({ databaseGB }) => databaseGB],
    ['rows of events, millions', ({ eventRowsMillion }) => eventRowsMillion],
    ['share of the time that claims take, %', ({ claimsBusy }) => claimsBusy * 100],
    ['share of each process that news takes, %', ({ newsBusy }) => newsBusy * 100],
    ['people’s own servers that are up', ({ hubServers }) => hubServers],
    ['starts of those a minute', ({ hubStartsASecond }) => hubStartsASecond * 60],
    ['memory of kernels that work, GB', ({ kernelGB }) => kernelGB],
  ]
  return table(
    ['people', ...all.map(({ people }) => people.toLocaleString('en'))],
    rows.map(([what, of]) => [what, ...all.map((needs) => figure(of(needs)))]),
  )
}

/** Where it breaks, the first first. */
export const limitsTable = (limits: readonly Limit[]): string =>
  table(
    ['people', 'runs a day', 'what is reached'],
    limits.map(({ people, runsADay, what }) => [figure(people, 2), figure(runsADay, 2), what]),
  )
