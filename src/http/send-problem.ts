import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, PROBLEMS, RunnerError } from '../errors.ts'
import { negotiated, representationOrJson } from './negotiate.ts'
import { toProblem } from './problem.ts'
import { sendShell } from './shell.ts'
import type { WebBuild } from './web-build.ts'

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
export function sendProblem(
  web: WebBuild,
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): FastifyReply {
  const error = asRunnerError(thrown)
  const problem = toProblem(error, request.id)
  const cause = error.cause === undefined ? {} : { err: error.cause }
  if (problem.status >= 500) request.log.error({ problem: error.code, ...cause }, error.message)
  else request.log.info({ problem: error.code, ...faultsOf(error) }, sentenceFor(error))
  if (error.code === 'not-signed-in' || error.code === 'invalid-token')
    reply.header('www-authenticate', challenge(error))
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter)
  negotiated(reply).code(problem.status)
  if (representationOrJson(request) === 'html') return sendShell(web, request, reply, problem)
  return reply.type('application/problem+json').send(problem)
}

const MAX_LOGGED = 20

/** Names and what is wrong with them, never the values: a signed URL may be among them. */
function faultsOf({ errors }: RunnerError): { faults?: readonly string[] } {
  if (errors === undefined) return {}
  return { faults: errors.slice(0, MAX_LOGGED).map(({ name, fault }) => `${fault}: ${name}`) }
}

/** What is wrong with parameters is said in a sentence for each, which quotes what came. */
function sentenceFor(error: RunnerError): string {
  return error.errors === undefined ? error.message : PROBLEMS[error.code].title
}

/** RFC 6750, section 3: no error code where no token was sent. */
const challenge = (error: RunnerError): string =>
  error.code === 'invalid-token' ? 'Bearer error="invalid_token"' : 'Bearer'
