import type { Figures } from './figures.ts'
import { claimsBusy, databaseLoad, eventRows, needsOf, newsBusy, personalServers } from './needs.ts'
import { least } from './queue-simulation.ts'
import { TARGETS, WORKLOAD } from './workload.ts'

/** PostgreSQL's own defaults and JupyterHub's; and machines as there are. */
const CONNECTIONS = 100
const BIG_MACHINE_CORES = 32
const HUB_SERVERS = 5_000
const EVENT_ROWS_MILLION = 1_000

/** So many people, from whom on something does not hold any more. */
export interface Limit {
  readonly people: number
  readonly runsADay: number
  readonly what: string
}

/** From how many people on each limit is reached, the first first. */
export function limitsOf(figures: Figures): readonly Limit[] {
  const reached: readonly (readonly [string, (people: number) => boolean])[] = [
    [
      `${CONNECTIONS} connections (\`max_connections\` as PostgreSQL has it)`,
      (people) => needsOf(people, figures).connections > CONNECTIONS,
    ],
    ['one core of PostgreSQL', (people) => databaseLoad(people, figures) > TARGETS.utilisation],
    [
      `${BIG_MACHINE_CORES} cores of PostgreSQL`,
      (people) => databaseLoad(people, figures) > BIG_MACHINE_CORES * TARGETS.utilisation,
    ],
    [
      `${EVENT_ROWS_MILLION.toLocaleString('en')} million rows of events, with \`KEEP_EVENTS\` of a week`,
      (people) => eventRows(people, figures) > EVENT_ROWS_MILLION * 1e6,
    ],
    ['claims, one at a time, take all of the time', (people) => claimsBusy(people, figures) > 1],
    ['news of all runs takes half of each process', (people) => newsBusy(people, figures) > 0.5],
    [
      `${HUB_SERVERS.toLocaleString('en')} people’s own servers at a time in one JupyterHub`,
      (people) => personalServers(people).up > HUB_SERVERS,
    ],
  ]
  return reached
    .map(([what, is]) => {
      const people = least(1, is)
      return { people, runsADay: people * WORKLOAD.runs, what }
    })
    .toSorted((a, b) => a.people - b.people)
}
