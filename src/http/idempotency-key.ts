import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'

/**
 * The `Idempotency-Key` of a request: the same key of the same person is the same run, however often it is sent.
 * @throws RunnerError `invalid-request`
 */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new RunnerError('invalid-request', 'An Idempotency-Key has 1 to 200 visible ASCII characters.')
}
