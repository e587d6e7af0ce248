import { randomBytes } from 'node:crypto'
import { temporaryDataDir } from './postgres.ts'
import { startProvider, type TestProvider } from './provider.ts'
import { startRunner, type TestRunner } from './runner.ts'

export interface SignInRunner extends AsyncDisposable {
  readonly runner: TestRunner
  readonly provider: TestProvider
  /** SESSION_SECRET. */
  readonly secret: string
  /** An access token, as a proxy in front would have it. */
  tokenOf(name: string): Promise<string>
  /** Another server on the same database, at the address of `env.PUBLIC_URL` if given. The caller disposes of it. */
  another(env?: Readonly<Record<string, string>>): Promise<TestRunner>
}

/** A service in which alice and bob sign in through a real issuer, with storage on disk. */
export async function startSignInRunner(
  env: Readonly<Record<string, string>> = {},
  places: readonly string[] = [],
): Promise<SignInRunner> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir()).path
  const provider = stack.use(await startProvider())
  const secret = randomBytes(32).toString('base64url')
  const settings = {
    DATA_DIR: folder,
    IDENTITY: 'oidc',
    OIDC_ISSUER: provider.url,
    OIDC_AUDIENCE: 'eodhp',
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    SESSION_SECRET: secret,
    KERNELS: 'none',
    VIEW_URL: 'https://lab.example/{user}/{path}',
    ...env,
  }
  const runner = stack.use(await startRunner(settings))
  await provider.serve([runner.url, ...places])
  provider.people.set('alice', { workspaces: ['alice-ws', 'shared-ws'] })
  provider.people.set('bob', { workspaces: ['bob-ws'] })
  const open = stack.move()
  return {
    runner,
    provider,
    secret,
    tokenOf: (name) => provider.tokenOf(name),
    another: (change = {}) => startRunner({ ...settings, ...change }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
