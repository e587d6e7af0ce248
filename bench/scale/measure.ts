import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { startPlainJupyter } from '../../test/support/jupyter.ts'
import { notebookOf } from '../../test/support/notebook-folder.ts'
import { temporaryDataDir, testPostgres } from '../../test/support/postgres.ts'
import { serviceFolder } from '../../test/support/service-process.ts'
import { fleetEnvironment, startMember } from '../../test/upgrade/fleet.ts'
import { familyMiB, residentMiB } from '../processes.ts'
import { round } from '../table.ts'
import { FIGURES_FILE, type Figures } from './figures.ts'
import { connections, type Ground, postmasterPid } from './ground.ts'
import { measureClaims } from './measure-claims.ts'
import { measureNotices, measureRequests } from './measure-requests.ts'
import { measureRuns, measureWatchers } from './measure-runs.ts'
import { figuresTables } from './tables.ts'

const CELLS = 12
const AT_A_TIME = 4
/** As many lines as a notebook that works prints, a picture of 40 kB, and what memory its kernel has. */
const NOTEBOOK = notebookOf([
  ...Array.from(
    { length: CELLS - 1 },
    (_, cell) =>
      `import time\nfor line in range(4):\n    print("cell ${cell}:", "what is done at the moment " * 2, line, flush=True)\n    time.sleep(0.02)`,
  ),
  [
    'import base64, os, re',
    'from IPython.display import display',
    'display({"image/png": base64.b64encode(os.urandom(30_000)).decode()}, raw=True)',
    'with open("memory", "w") as memory:',
    '    memory.write(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1])',
  ].join('\n'),
])

/**
 * `npm run bench -- scale`: what one server, one worker and PostgreSQL take for one of each thing. Writes `figures.json`,
 * from which `npm run scale` works.
 */
export async function benchScale(): Promise<string> {
  await using stack = new AsyncDisposableStack()
  const postgres = stack.use(await testPostgres())
  const claims = await measureClaims(postgres)
  const data = stack.use(await temporaryDataDir()).path
  const folder = await serviceFolder(data, randomBytes(16).toString('hex'), NOTEBOOK)
  const database = await postgres.database()
  const jupyter = stack.use(await startPlainJupyter())
  const env = await fleetEnvironment(postgres, database, folder, jupyter)
  const serve = () => startMember('server', 'serve', { ...env, MAX_CONCURRENT_RUNS: '0' })
  // The first start after a change strips the types of the sources and keeps 40 MiB for it; later ones do not.
  await (await serve()).drain()
  const server = stack.use(await serve())
  const ground: Ground = {
    server: { url: server.url, pid: server.pid, token: folder.token },
    database,
    postgresPid: await postmasterPid(database),
    jupyterRoot: jupyter.root,
  }
  await pause(3_000)
  const serverIdle = residentMiB(server.pid)
  const [alone, memoryAlone] = [await connections(database), familyMiB(ground.postgresPid)]
  const prepare = await measureRequests(ground, '/run/notebook/counter?_mode=prepare')
  const ofServer = await connections(database)
  const connectionMiB = (familyMiB(ground.postgresPid) - memoryAlone) / Math.max(1, ofServer - alone)
  // As autovacuum does it sooner or later.
  await database.query({ text: 'ANALYZE' })
  const history = await measureRequests(ground, '/jobs?limit=50')

  const worker = stack.use(
    await startMember('worker', 'worker', { ...env, MAX_CONCURRENT_RUNS: `${AT_A_TIME}` }),
  )
  await pause(3_000)
  const workerIdle = residentMiB(worker.pid)
  const runs = await measureRuns(ground, worker.pid, CELLS)
  const watchers = await measureWatchers(ground)
  const figures: Figures = {
    machine: `${cpus().length} cores, Node ${process.version}`,
    server: { idleMiB: round(serverIdle), watcherMiB: watchers.MiB },
    worker: { idleMiB: round(workerIdle), runMiB: round(Math.max(0, runs.peakMiB - workerIdle) / AT_A_TIME) },
    database: { connectionMiB: round(connectionMiB) },
    cost: {
      prepare,
      history,
      status: await measureRequests(ground, `/jobs/${runs.ids[0]}`),
      accept: runs.accept,
      delivery: watchers.delivery,
      notice: await measureNotices(ground),
      run: runs.cost,
    },
    run: runs.run,
    startSeconds: runs.startSeconds,
    claims,
    kernel: { MiB: runs.kernelMiB },
  }
  await writeFile(FIGURES_FILE, `${JSON.stringify(figures, null, 2)}\n`)
  return figuresTables(figures)
}
