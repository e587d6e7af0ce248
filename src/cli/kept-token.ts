import { configFolder } from '../config/command-line.ts'
import { RunnerError } from '../errors.ts'
import { isFresh, renewedByDevice } from '../identity/device-client.ts'
import { CredentialsFile } from './credentials-file.ts'

/**
 * The access token of `notebook-runner login` for a service, renewed where it is over.
 * @param url of the service, as it was logged in to
 * Throws `not-signed-in` where nobody has logged in, or the issuer has ended it; and `identity-unavailable`.
 */
export async function keptToken(url: string): Promise<string> {
  const service = serviceUrl(url)
  const file = new CredentialsFile(configFolder())
  const kept = await file.read(service)
  if (kept !== undefined && isFresh(kept)) return kept.accessToken
  const renewed =
    kept === undefined
      ? undefined
      : // Another command may have renewed it meanwhile.
        await file.update(service, async (now) =>
          now === undefined || isFresh(now) ? now : await renewedByDevice(now),
        )
  if (renewed === undefined)
    throw new RunnerError(
      'not-signed-in',
      `You are not logged in to ${service}: run \`notebook-runner login ${service}\`.`,
    )
  return renewed.accessToken
}

export async function isLoggedIn(url: string): Promise<boolean> {
  return (await new CredentialsFile(configFolder()).read(serviceUrl(url))) !== undefined
}

/** An address of a service as credentials are kept by. @throws RunnerError `usage` */
export function serviceUrl(text: string): string {
  const url = URL.parse(text)
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  )
    throw new RunnerError(
      'usage',
      `"${text}" must be the http(s) address of a service, such as https://runner.example.`,
    )
  return url.href.replace(/\/+$/, '')
}
