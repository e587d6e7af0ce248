import { cpus, loadavg } from 'node:os'
import { benchBearer } from './bearer.ts'
import { benchBlocking } from './blocking.ts'
import { benchBrowser } from './browser.ts'
import { benchCommandLine } from './command-line.ts'
import { benchExecute } from './execute.ts'
import { benchHistory } from './history.ts'
import { benchHttp } from './http.ts'
import { benchPrinted } from './printed.ts'
import { benchQueue } from './queue.ts'
import { benchRuns } from './runs.ts'
import { benchScale } from './scale/measure.ts'
import { benchWatchers } from './watchers.ts'

const PARTS = {
  http: benchHttp,
  bearer: benchBearer,
  blocking: benchBlocking,
  'command-line': benchCommandLine,
  execute: benchExecute,
  runs: benchRuns,
  printed: benchPrinted,
  queue: benchQueue,
  watchers: benchWatchers,
  history: benchHistory,
  browser: benchBrowser,
  scale: benchScale,
}

// npm run bench [-- http execute …]
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0) {
  process.stderr.write(`No such part: ${unknown.join(', ')}. Parts: ${Object.keys(PARTS).join(', ')}.\n`)
  process.exit(2)
}
process.stdout.write(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}\n\n`)
for (const [name, bench] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  process.stdout.write(`${await bench()}\n\n`)
}
