import { trivialNotebook } from './notebooks.ts'
import { median } from './programs.ts'
import { type Job, startRunService } from './run-service.ts'
import { round, table } from './table.ts'

const RUNS = 200
const AT_A_TIME = 8

/** Many runs queued at once: whether all of them are there in the end, and how long a free slot waits for the next. */
export async function benchQueue(): Promise<string> {
  await using service = await startRunService(
    { 'trivial-4': trivialNotebook(4) },
    { MAX_CONCURRENT_RUNS: `${AT_A_TIME}`, WARM_KERNELS: '0' },
  )
  const begun = performance.now()
  const ids = await Promise.all(Array.from({ length: RUNS }, () => service.accept('trivial-4')))
  const accepted = performance.now() - begun
  const jobs: Job[] = []
  for (const id of ids) jobs.push(await service.ended(id))
  const idle = idleTimes(jobs)
  return [
    `## ${RUNS} runs queued at once, ${AT_A_TIME} at a time`,
    '',
    table(
      [
        'accepted in, s',
        'succeeded',
        'ended otherwise',
        'all done in, s',
        'a free slot waited, ms: median',
        '95 in 100',
        'at most',
      ],
      [
        [
          round(accepted / 1000, 1),
          jobs.filter(({ state }) => state === 'succeeded').length,
          jobs.filter(({ state }) => state !== 'succeeded').length,
          round(
            (Math.max(...jobs.map(({ finished }) => finished)) -
              Math.min(...jobs.map(({ created }) => created))) /
              1000,
          ),
          round(median(idle), 0),
          round(idle.toSorted((a, b) => a - b)[Math.floor(idle.length * 0.95)] ?? 0, 0),
          round(Math.max(...idle), 0),
        ],
      ],
    ),
  ].join('\n')
}

/** The slot that becomes free first is the one that the next run gets: milliseconds from the one to the other. */
function idleTimes(jobs: readonly Job[]): readonly number[] {
  const starts = jobs.map(({ started }) => started).toSorted((a, b) => a - b)
  const ends = jobs.map(({ finished }) => finished).toSorted((a, b) => a - b)
  return starts.slice(AT_A_TIME).map((start, index) => start - (ends[index] ?? start))
}
