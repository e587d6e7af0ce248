import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, RunnerError } from '../errors.ts'
import { negotiated, representationOrJson } from './negotiate.ts'
import { problemPage } from './pages/problem.ts'
import { toProblem } from './problem.ts'

/** Every error as one of ours: what the framework refuses becomes a request's fault, what nobody foresaw `internal`. */
function asRunnerError(error: unknown): RunnerError {
  if (error instanceof RunnerError) return error
  const refused = frameworkRefusal(error)
  if (refused !== undefined)
    return new RunnerError(refused, 'The request is not understood.', { cause: error })
  return new RunnerError(
    'internal',
    'Something went wrong on our side; the log has it under the request id.',
    {
      cause: error,
    },
  )
}

function frameworkRefusal(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const status = error.statusCode
  if (status === 413) return 'too-large'
  return typeof status === 'number' && status >= 400 && status < 500 ? 'invalid-request' : undefined
}

/** Answers with the problem, as JSON or as a page. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = asRunnerError(thrown)
  const problem = toProblem(error, request.id)
  const cause = error.cause === undefined ? {} : { err: error.cause }
  if (problem.status >= 500) request.log.error({ problem: error.code, ...cause }, error.message)
  else request.log.info({ problem: error.code }, error.message)
  if (error.code === 'not-signed-in' || error.code === 'invalid-token')
    reply.header('www-authenticate', challenge(error))
  negotiated(reply).code(problem.status)
  if (representationOrJson(request) === 'html')
    return reply.type('text/html; charset=utf-8').send(problemPage(request, problem))
  return reply.type('application/problem+json').send(problem)
}

/** RFC 6750, section 3: no error code where no token was sent. */
const challenge = (error: RunnerError): string =>
  error.code === 'invalid-token' ? 'Bearer error="invalid_token"' : 'Bearer'
