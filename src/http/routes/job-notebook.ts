import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { type Caller, grantOf } from '../../identity/caller.ts'
import type { Run } from '../../run/run.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'
import { NOTEBOOK_TYPE } from '../status-info.ts'

/** `GET /jobs/{id}/notebook`: the .ipynb as far as it has run: what is kept or stored of it, else as it was accepted. */
export function jobNotebookRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/jobs/:id/notebook', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const run = await findRun(services, caller, request.params.id)
    const notebook =
      (await services.keptNotebook(caller, run.id)) ??
      (await stored(services, caller, run)) ??
      (await accepted(services, caller, run))
    const name = `${run.notebookId.replace(/[^A-Za-z0-9._-]+/g, '_')}-${run.id}.ipynb`
    return negotiated(reply)
      .type(NOTEBOOK_TYPE)
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(Buffer.from(notebook.buffer, notebook.byteOffset, notebook.byteLength))
  })
}

async function stored({ storage }: Services, caller: Caller, run: Run): Promise<Uint8Array | undefined> {
  try {
    return await storage.get(
      { workspace: run.workspace, user: run.ownerName, ...grantOf(caller) },
      run.object,
    )
  } catch (error) {
    if (error instanceof RunnerError && error.code === 'not-found') return undefined
    throw error
  }
}

async function accepted({ runs }: Services, caller: Caller, run: Run): Promise<Uint8Array> {
  const notebook = await runs.snapshot(caller, run.id)
  if (notebook !== undefined) return notebook
  throw new RunnerError('not-found', 'The notebook of this run is not in the workspace any more.')
}
