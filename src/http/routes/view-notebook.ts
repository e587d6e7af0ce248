import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

interface ViewRequest {
  Params: { id: string; outputId: string }
  Querystring: { workspace?: string }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * `GET /view-notebook/{id}/{outputId}?workspace=`: to the notebook in JupyterLab. Where it is, the row says; nothing of the
 * request ends up in the address it leads to. What is not the caller's does not exist.
 */
export function viewNotebookRoute(app: FastifyInstance, services: Services): void {
  app.get<ViewRequest>('/view-notebook/:id/:outputId', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { id, outputId } = request.params
    const run = UUID.test(outputId) ? await services.runs.find(caller, outputId) : undefined
    const { workspace } = request.query
    if (
      run === undefined ||
      run.notebookId !== id ||
      (workspace !== undefined && workspace !== run.workspace)
    ) {
      throw new RunnerError('no-such-run', 'There is no such notebook in your workspaces.')
    }
    const link = await services.viewLink({ workspace: run.workspace, user: run.ownerName }, run.object)
    return negotiated(reply).redirect(link, 302)
  })
}
