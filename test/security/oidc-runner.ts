import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { LAB } from './local-runner.ts'

export interface OidcRunner extends AsyncDisposable {
  readonly runner: TestRunner
  readonly issuer: Issuer
  /** The names of all notebooks in a workspace. */
  notebooks(workspace: string): Promise<readonly string[]>
  /** The workspaces that anything was ever put into. */
  workspaces(): Promise<readonly string[]>
}

/** A service for many people, with a real issuer of tokens and storage on disk. */
export async function startOidcRunner(env: Readonly<Record<string, string>> = {}): Promise<OidcRunner> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir()).path
  const issuer = stack.use(await startIssuer())
  const runner = stack.use(
    await startRunner({
      DATA_DIR: folder,
      IDENTITY: 'oidc',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'eodhp,other',
      KERNELS: 'none',
      VIEW_URL: `${LAB}/hub/{user}/lab/tree/{path}`,
      ...env,
    }),
  )
  const open = stack.move()
  const list = (path: string) => readdir(path).catch(() => [])
  return {
    runner,
    issuer,
    notebooks: (workspace) => list(join(folder, 'workspaces', workspace, 'notebooks')),
    // No workspace has a hidden name: what has one is the storage's own.
    workspaces: async () => (await list(join(folder, 'workspaces'))).filter((name) => !name.startsWith('.')),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
