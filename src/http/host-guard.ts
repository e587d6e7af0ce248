import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import type { Services } from './services.ts'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * With one local user, a page of another site must not reach the service under a name of its own that it points to
 * 127.0.0.1 (DNS rebinding): only loopback names and PUBLIC_URL's host are answered.
 * @throws RunnerError `not-allowed`
 */
export function hostGuard(services: Services, request: FastifyRequest): void {
  if (services.door.kind !== 'local') return
  const { host = '' } = request.headers
  if (LOOPBACK.test(host) || host === new URL(services.publicUrl()).host) return
  throw new RunnerError(
    'not-allowed',
    'This address is not one of the service: use http://127.0.0.1 or set PUBLIC_URL.',
  )
}
