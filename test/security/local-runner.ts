import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'

export interface LocalRunner extends AsyncDisposable {
  readonly runner: TestRunner
  readonly dataDir: string
  /** As a program. */
  readonly bearer: Readonly<Record<string, string>>
  /** Of the local user's browser. */
  cookie(): Promise<string>
  /** The names of all notebooks that were ever prepared. */
  prepared(): Promise<readonly string[]>
}

export const LAB = 'https://lab.example'

/** A service with one local user and no JupyterLab, on a data folder of its own. */
export async function startLocalRunner(env: Readonly<Record<string, string>> = {}): Promise<LocalRunner> {
  await using stack = new AsyncDisposableStack()
  const dataDir = stack.use(await temporaryDataDir()).path
  const runner = stack.use(
    await startRunner({ DATA_DIR: dataDir, KERNELS: 'none', VIEW_URL: `${LAB}/lab/tree/{path}`, ...env }),
  )
  const open = stack.move()
  return {
    runner,
    dataDir,
    bearer: { authorization: `Bearer ${runner.token}` },
    async cookie() {
      const traded = await runner.fetch(`/?token=${runner.token}`)
      return traded.headers.get('set-cookie')?.split(';')[0] ?? ''
    },
    prepared: () => readdir(join(dataDir, 'workspaces/local/notebooks')).catch(() => []),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
