import type { BrowserContext } from 'playwright-core'
import { launchBrowser } from '../test/support/browser.ts'
import { generateRuns } from '../test/support/many-runs.ts'
import { testPostgres } from '../test/support/postgres.ts'
import { targetOf } from '../test/support/run-worker.ts'
import { LONG, longNotebook, TICKING, thousandNotebooks, tickingNotebook } from './browser/notebooks.ts'
import { outputLags } from './browser/output-lags.ts'
import { type Frames, scrolledFrames } from './browser/scrolled-frames.ts'
import { usableAfter } from './browser/usable-after.ts'
import { percentile } from './percentile.ts'
import { startRunService } from './run-service.ts'
import { round, table } from './table.ts'

const RUNS = 1_000_000
const TIMES = 15
const WORKSPACE = 'local'
/** None of these takes so long; the bench ends where one does. */
const PATIENCE_MS = 60_000
const RUN_SECONDS = 300

const PAGES = [
  [
    'a catalogue of 1,000 notebooks',
    '/processes',
    "document.querySelectorAll('.notebook-cards > li').length >= 1000 && document.querySelector('input[type=search]')",
  ],
  ['a form', '/processes/notebook-7', "document.querySelectorAll('form input:enabled').length >= 4"],
  [
    `a history of ${RUNS.toLocaleString('en')} runs`,
    '/jobs',
    "document.querySelectorAll('.history-rows > li').length === 50",
  ],
  [
    'of these, those with one value of a parameter',
    '/jobs?parameter=year%3A2019',
    "document.querySelectorAll('.history-rows > li').length === 50",
  ],
] as const

/**
 * The pages in a real browser, on a service with a thousand notebooks and a million runs, its PostgreSQL and its kernels.
 * All of them share the machine.
 */
export async function benchBrowser(): Promise<string> {
  await using postgres = await testPostgres()
  const database = await postgres.database()
  await generateRuns(database, RUNS, WORKSPACE)
  const target = await targetOf(postgres, database)
  if (target.kind !== 'embedded') throw new Error('A socket is expected')
  const notebooks = { ...thousandNotebooks(), [TICKING]: tickingNotebook(), [LONG]: longNotebook() }
  await using service = await startRunService(notebooks, {
    DATABASE_URL: `postgresql://${target.user}@localhost/${target.database}?host=${target.socketFolder}`,
    RUN_TIMEOUT: `${RUN_SECONDS}`,
  })
  await using browser = await launchBrowser()
  await using signedIn = await browser.newContext()
  await (await signedIn.newPage()).goto(`${service.service.url}/?token=${service.token}`)
  const storageState = await signedIn.storageState()
  const newContext = async (): Promise<BrowserContext> => {
    const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 900 } })
    context.setDefaultTimeout(PATIENCE_MS)
    return context
  }

  const opened = []
  for (const [name, path, isUsable] of PAGES) {
    const [first, again]: [number[], number[]] = [[], []]
    for (let time = 0; time < TIMES; time++) {
      // What the browser kept of another visit is not there.
      await using context = await newContext()
      const page = await context.newPage()
      first.push(await usableAfter(page, `${service.service.url}${path}`, isUsable))
      again.push(await usableAfter(page, `${service.service.url}${path}`, isUsable))
    }
    opened.push(
      [name, 'first visit', ...ofTimes(first), '< 1000'],
      [name, 'later', ...ofTimes(again), '< 1000'],
    )
  }
  await using context = await newContext()
  const page = await context.newPage()
  const ticking = await service.accept(TICKING)
  const lags = await outputLags(page, `${service.service.url}/jobs/${ticking}`)
  const long = await service.accept(LONG)
  await service.succeeded(long)
  const frames = await scrolledFrames(page, `${service.service.url}/jobs/${long}`)
  return [
    `## Pages in ${browser.browserType().name()} ${browser.version()}, headless, without a graphics card: what is drawn is drawn by the same two cores`,
    '',
    `Milliseconds from the address to a page that answers, ${TIMES} times:`,
    '',
    table(['page', 'visit', 'p50 ms', 'p95 ms', 'longest ms', 'aim'], opened),
    '',
    table(
      ['what the kernel sends is painted after', 'outputs', 'p50 ms', 'p95 ms', 'longest ms', 'aim'],
      [['', lags.length, ...ofTimes(lags), '< 200']],
    ),
    '',
    table(
      ['scrolling a run of 5,000 cells', 'frames/s', 'frames', 'p95 ms between two', 'longest ms', 'aim'],
      frames.map(ofFrames),
    ),
  ].join('\n')
}

const ofTimes = (times: readonly number[]): readonly number[] =>
  [0.5, 0.95, 1].map((share) => round(percentile(times, share), 0))

const ofFrames = ({ name, seconds, gaps }: Frames): readonly (string | number)[] => [
  name,
  round(gaps.length / seconds),
  gaps.length,
  round(percentile(gaps, 0.95)),
  round(percentile(gaps, 1)),
  '≥ 50',
]
