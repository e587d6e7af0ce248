import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { hubUser } from '../../kernel/server-name.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

interface ViewRequest {
  Params: { id: string; outputId: string }
  Querystring: { workspace?: string }
}

/**
 * `GET /view-notebook/{id}/{outputId}?workspace=`: to the notebook in JupyterLab. Where it is, the row says, and
 * whose server shows it, who asks: a colleague has no way into the owner's. Nothing of the
 * request ends up in the address it leads to. What is not the caller's does not exist.
 */
export function viewNotebookRoute(app: FastifyInstance, services: Services): void {
  app.get<ViewRequest>('/view-notebook/:id/:outputId', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { id, outputId } = request.params
    const run = await findRun(services, caller, outputId)
    const { workspace } = request.query
    if (run.notebookId !== id || (workspace !== undefined && workspace !== run.workspace)) {
      throw new RunnerError('no-such-run', 'There is no such notebook in your workspaces.')
    }
    const link = await services.viewLink({ workspace: run.workspace, user: hubUser(caller.user) }, run.object)
    return negotiated(reply).redirect(link, 302)
  })
}
