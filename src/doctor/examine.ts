import { access, constants, mkdir } from 'node:fs/promises'
import { type Config, loadConfig } from '../config/config.ts'
import { RunnerError } from '../errors.ts'
import { addressesOf, checkAddress, hubOf, type Part } from './addresses.ts'
import { checkCatalogue } from './catalogue.ts'
import { checkClock } from './clock.ts'
import { checkDatabase } from './database.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'
import { checkHub } from './hub.ts'
import { checkHubSignIn } from './hub-sign-in.ts'
import { checkIssuer } from './issuer.ts'
import { checkKernels } from './kernels.ts'
import { checkListening } from './listening.ts'
import { checkStorage, type Probe } from './storage.ts'

/**
 * All checks, with the settings as the service would read them. A part that can't be reached is one fault, and what
 * depends on it is not looked at.
 * @param python of the kernels that are started here
 */
export async function examine(probe: Probe, python: string): Promise<readonly Finding[]> {
  let config: Config
  try {
    config = loadConfig().config
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error
    return [fault('settings', 'settings-wrong', error.message)]
  }
  const addresses = addressesOf(config)
  const reached = new Map<Part, readonly Finding[]>()
  await Promise.all(addresses.map(async (one) => reached.set(one.part, await checkAddress(one))))
  const found = addresses.flatMap(({ part }) => reached.get(part) ?? [])
  const isAway = (part: Part) => (reached.get(part) ?? []).some(({ result }) => result === 'fault')
  const where = (part: Part, check: string, look: () => Promise<readonly Finding[]>) =>
    isAway(part) ? Promise.resolve([notConcerned(check, 'It cannot be reached: see above.')]) : look()
  const checks = await Promise.all([
    checkPlace(config),
    where('database', 'database', () => database(config)),
    where('issuer', 'issuer', () => issuer(config, probe.token)),
    where('catalogue', 'catalogue', () => catalogue(config)),
    storage(config, probe, isAway),
    where('hub', 'hub', () => hub(config, probe.token)),
    where('jupyter', 'kernels', async () => [await checkKernels(config.kernels, python)]),
    clocks(config, isAway),
  ])
  return [ok('settings', `Preset ${config.preset}.`), ...found, ...checks.flat()]
}

/** What the service takes of this machine. */
async function checkPlace({
  host,
  port,
  metricsPort,
  basePath,
  dataDir,
}: Config): Promise<readonly Finding[]> {
  const found = [await checkListening('PORT', host, port, basePath)]
  if (metricsPort !== undefined) found.push(await checkListening('METRICS_PORT', host, metricsPort, ''))
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK | constants.X_OK)
    return [...found, ok('data folder', `${dataDir} can be written to.`)]
  } catch (error) {
    return [...found, fault('data folder', 'data-folder', `${dataDir}: ${reasonOf(error)}.`)]
  }
}

async function database({ database: where }: Config): Promise<readonly Finding[]> {
  return where.kind === 'url'
    ? checkDatabase(where.url)
    : [notConcerned('database', 'It comes with the service, and is brought up to date as it starts.')]
}

async function issuer({ identity }: Config, token: string | undefined): Promise<readonly Finding[]> {
  return identity.kind === 'oidc'
    ? checkIssuer(identity, token)
    : [notConcerned('issuer', identity.kind === 'hub' ? 'It is the hub.' : 'There is one local user.')]
}

async function catalogue({ catalogue: source, templates }: Config): Promise<readonly Finding[]> {
  return source.kind === 'examples'
    ? [notConcerned('catalogue', 'It is that of the examples.')]
    : checkCatalogue(source, templates.hosts)
}

async function storage(
  { storage: settings }: Config,
  probe: Probe,
  isAway: (part: Part) => boolean,
): Promise<readonly Finding[]> {
  if (settings.kind === 'disk') return [notConcerned('storage', 'It is in the data folder.')]
  if (isAway('s3') || isAway('sts') || isAway('token-service'))
    return [notConcerned('storage', 'It cannot be reached: see above.')]
  return checkStorage(settings, probe)
}

async function hub(
  { kernels, identity, publicUrl }: Config,
  token: string | undefined,
): Promise<readonly Finding[]> {
  const callback = publicUrl && `${publicUrl}/auth/callback`
  const signIn = identity.kind === 'hub' ? await checkHubSignIn(identity, callback, token) : []
  if (kernels.kind === 'hub') return [...(await checkHub(kernels)), ...signIn]
  return signIn.length > 0 ? signIn : [notConcerned('hub', 'Neither KERNELS nor IDENTITY is hub.')]
}

/** Of the parts that look at the time. */
async function clocks(config: Config, isAway: (part: Part) => boolean): Promise<readonly Finding[]> {
  const { identity, storage: s3 } = config
  const theHub = hubOf(config)
  const asked: Promise<Finding>[] = []
  if (identity.kind === 'oidc' && !isAway('issuer')) asked.push(checkClock('OIDC_ISSUER', identity.issuer))
  if (s3.kind === 's3' && !isAway('s3')) {
    const { region, endpoint = `https://s3.${region}.amazonaws.com` } = s3.address
    asked.push(checkClock('S3_ENDPOINT', endpoint))
  }
  if (theHub !== undefined && !isAway('hub')) asked.push(checkClock('JUPYTERHUB_API_URL', theHub.apiUrl))
  return asked.length > 0
    ? Promise.all(asked)
    : [notConcerned('clock', 'No part that looks at the time can be asked for it.')]
}
