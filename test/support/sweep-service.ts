import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { notebook } from './notebooks.ts'
import { type RunService, startSharedRunService } from './run-service.ts'
import { tempFolder } from './temp-folder.ts'

export interface SweepService extends AsyncDisposable {
  readonly service: RunService
  /** A token of alice, who works in alice-ws and in team. */
  readonly alice: string
  /** A token of bob, who works in team. */
  readonly bob: string
  readonly mallory: string
  send(
    token: string,
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Response>
}

const PARAMETERS = `year: int = 2024
day: date = "2024-01-01"
season: Literal["spring", "summer"] = "summer"
title = "Coast"
scale = 1.5
bbox: list[float] | None = None`

/** A service with the notebooks `season` (inputs of most types) and `mine` (which is told who runs it), and no worker. */
export async function startSweepService(env: Readonly<Record<string, string>> = {}): Promise<SweepService> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder())
  await writeFile(join(folder.path, 'season.ipynb'), notebook(PARAMETERS))
  await writeFile(join(folder.path, 'mine.ipynb'), notebook('user = ""\nyear = 2024'))
  const service = stack.use(await startSharedRunService({ CONFIG_URL: folder.path, ...env }))
  const token = (user: string, ...workspaces: string[]) =>
    service.issuer.mint({ claims: { sub: `sub-${user}`, preferred_username: user, workspaces } })
  const alice = await token('alice', 'alice-ws', 'team')
  const bob = await token('bob', 'team')
  const mallory = await token('mallory', 'mallory-ws')
  const parts = stack.move()
  return {
    service,
    alice,
    bob,
    mallory,
    send: (bearer, method, path, { body, headers } = {}) =>
      service.runner.fetch(path, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
