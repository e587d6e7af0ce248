import type { FastifyInstance, FastifyRequest } from 'fastify'

const MAX_BYTES = 32 * 1024

/** For the few addresses whose body is a form, as their protocols want it: all others take JSON alone. */
export function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_BYTES },
    async (_request: FastifyRequest, text: string) => new URLSearchParams(text),
  )
}
