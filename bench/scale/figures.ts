import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'

/** What `npm run bench -- scale` measured last. */
export const FIGURES_FILE = join(import.meta.dirname, 'figures.json')

/** CPU in milliseconds: of the server, or of the worker where it says so, and of all of PostgreSQL. */
const Cost = Type.Object({ server: Type.Number(), database: Type.Number() })

export type Cost = Static<typeof Cost>

/** CPU in milliseconds, memory in MiB, of one process each unless it says otherwise. */
export const Figures = Type.Object({
  /** Where it was measured. */
  machine: Type.String(),
  server: Type.Object({ idleMiB: Type.Number(), watcherMiB: Type.Number() }),
  worker: Type.Object({ idleMiB: Type.Number(), runMiB: Type.Number() }),
  database: Type.Object({ connectionMiB: Type.Number() }),
  /** For one of each. */
  cost: Type.Object({
    prepare: Cost,
    history: Cost,
    status: Cost,
    accept: Cost,
    /** One event to one who watches. */
    delivery: Cost,
    /** Of one notification, at each process that listens. */
    notice: Cost,
    /** Of a run from its claim to its end; `server` is the worker here. */
    run: Cost,
  }),
  run: Type.Object({
    cells: Type.Number(),
    seconds: Type.Number(),
    events: Type.Number(),
    /** Rows and bytes, with indexes, by table. */
    tables: Type.Record(Type.String(), Type.Object({ rows: Type.Number(), bytes: Type.Number() })),
  }),
  /** From accepted to a kernel that runs, seconds, half of the runs: on an idle worker. */
  startSeconds: Type.Number(),
  /** How long a claim takes, one at a time, with so many runs that go, of as many people, and people who wait. */
  claims: Type.Array(Type.Object({ live: Type.Number(), waiting: Type.Number(), ms: Type.Number() })),
  kernel: Type.Object({ MiB: Type.Number() }),
})
export type Figures = Static<typeof Figures>

export const readFigures = async (): Promise<Figures> =>
  Value.Parse(Figures, JSON.parse(await readFile(FIGURES_FILE, 'utf8')))
