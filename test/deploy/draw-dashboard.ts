import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import timers from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { launchBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { type Panel, readPanels } from './support/dashboard.ts'
import { type Prometheus, startPrometheus } from './support/prometheus.ts'
import { someLoad } from './support/some-load.ts'

// npm run dashboard: puts a runner under some load, has a real Prometheus scrape it, asks that each query of the dashboard, and
// draws the panels where Grafana would. Grafana itself is not among what this project may use.

const ROOT = join(import.meta.dirname, '../..')
const PICTURE = join(ROOT, 'docs/images/dashboard.png')
const [, , seconds = '150'] = process.argv
const STEP = 2

await using data = await temporaryDataDir()
const metricsPort = await freePort()
await using runner = await startRunner({
  DATA_DIR: data.path,
  METRICS_PORT: String(metricsPort),
  LOG_LEVEL: 'error',
})
await using prometheus = await startPrometheus(metricsPort)
const start = Math.ceil(Date.now() / 1000) + 5
await someLoad(runner, Number(seconds))
// The last scrape, and the rules after it.
await timers.setTimeout(3_000)
const time = { start, end: Math.floor(Date.now() / 1000) - 1, step: STEP }

const panels = await readPanels()
const drawn = await Promise.all(panels.map((panel) => drawnPanel(prometheus, panel)))
await using browser = await launchBrowser()
// uPlot takes the language of the browser, which on a machine without one is none that it knows.
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
const broken: Error[] = []
page.on('pageerror', (error) => broken.push(error))
const uplot = dirname(fileURLToPath(import.meta.resolve('uplot')))
await page.setContent(
  `<!doctype html><meta charset=utf-8><style>${await readFile(join(uplot, 'uPlot.min.css'), 'utf8')}${await readFile(join(import.meta.dirname, 'dashboard.css'), 'utf8')}</style><main></main>`,
)
await page.addScriptTag({ path: join(uplot, 'uPlot.iife.min.js') })
await page.addScriptTag({ content: `const panels = ${JSON.stringify(drawn).replaceAll('<', '\\u003c')}` })
await page.addScriptTag({ path: join(import.meta.dirname, 'dashboard-page.js') })
if (broken.length > 0) throw new AggregateError(broken, 'The panels could not be drawn')
await page.locator('main').screenshot({ path: PICTURE })
const empty = drawn.filter(({ type, series }) => type !== 'row' && series.length === 0)
process.stdout.write(
  `${drawn.length - empty.length} of ${drawn.length} panels have something to show: ${PICTURE}\n`,
)
for (const { title } of empty) process.stdout.write(`  nothing: ${title}\n`)
process.exitCode = empty.length === 0 ? 0 : 1

interface Drawn {
  readonly type: string
  readonly title: string
  readonly unit: string
  readonly gridPos: Panel['gridPos']
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly series: ReadonlyArray<{ readonly label: string; readonly values: ReadonlyArray<number | null> }>
}

async function drawnPanel(from: Prometheus, panel: Panel): Promise<Drawn> {
  const { type, title, gridPos, fieldConfig, targets = [] } = panel
  const times = Array.from(
    { length: Math.floor((time.end - time.start) / STEP) + 1 },
    (_, at) => time.start + at * STEP,
  )
  const series = []
  for (const { expr, legendFormat = '' } of targets) {
    for (const { metric, values } of await from.range(expr, time)) {
      const known = new Map(values.map(([at, value]) => [Math.round(at), Number(value)]))
      series.push({
        label: legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => metric[name] ?? ''),
        values: times.map((at) => finite(known.get(at))),
      })
    }
  }
  const unit = fieldConfig?.defaults.unit ?? 'short'
  return {
    type,
    title,
    unit,
    gridPos,
    times,
    series: series.filter(({ values }) => values.some((value) => value !== null)),
  }
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
