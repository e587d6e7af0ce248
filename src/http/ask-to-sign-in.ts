import type { FastifyReply, FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import { isSpeculative } from './navigation.ts'
import { negotiated, representationOrJson } from './negotiate.ts'
import type { BrowserDoor, Door } from './services.ts'
import { writeSignIn } from './session-cookie.ts'

/** Sends the browser to the issuer, to come back to `target`: a path and query below the service's root. */
export async function sendToIssuer(
  { signIn, publicUrl }: BrowserDoor,
  reply: FastifyReply,
  target: string,
): Promise<FastifyReply> {
  const { url, id, held } = await signIn.begin(target)
  return writeSignIn(negotiated(reply), publicUrl(), id, held).redirect(url, 303)
}

/**
 * Where a person opens a page without being signed in: the browser that can sign them in, straight away and back to this
 * very address. Undefined where a problem is the better answer: for programs, scripts, frames, images and prefetches.
 */
export function browserToSignIn(
  door: Door,
  request: FastifyRequest,
  error: unknown,
): BrowserDoor | undefined {
  if (door.kind !== 'tokens' || !(error instanceof RunnerError) || error.code !== 'not-signed-in')
    return undefined
  const { 'sec-fetch-mode': mode = 'navigate', 'sec-fetch-dest': destination = 'document' } = request.headers
  const opens =
    request.method === 'GET' &&
    // In the request line of a proxy it may be a whole address, of whatever host.
    request.url.startsWith('/') &&
    mode === 'navigate' &&
    destination === 'document' &&
    !isSpeculative(request) &&
    representationOrJson(request) === 'html'
  return opens ? door.browser : undefined
}
