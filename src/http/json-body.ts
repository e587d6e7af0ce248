import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject, parseJson } from '../notebook/json.ts'

/** Bodies are JSON, read without loss, and nothing else: what a form of another site can send is none. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => {
      try {
        return parseJson(text)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        throw new RunnerError('invalid-request', `The body is not JSON: ${error.message}.`)
      }
    },
  )
  app.addContentTypeParser('*', async () => {
    throw new RunnerError('not-json', 'Send the body as JSON, with Content-Type: application/json.')
  })
}

/** @throws RunnerError `invalid-request` where the body is no JSON object. */
export function bodyOf(request: FastifyRequest): JsonObject {
  if (isObject(request.body)) return request.body
  throw new RunnerError('invalid-request', 'Send a JSON object as the body, such as {"inputs": {}}.')
}
