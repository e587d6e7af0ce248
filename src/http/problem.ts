import { PROBLEMS, type RunnerError } from '../errors.ts'
import { OGC_EXCEPTIONS } from './conformance.ts'
import type { Problem } from './problem-schema.ts'

/** The document of an error. */
export function toProblem(error: RunnerError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code]
  return {
    type: OGC_EXCEPTIONS[error.code] ?? `urn:notebook-runner:problem:${error.code}`,
    code: error.code,
    title,
    status,
    detail: error.message,
    requestId,
    ...(error.errors && { errors: [...error.errors] }),
    ...(error.choices && { choices: [...error.choices] }),
    ...(error.link !== undefined && { link: error.link }),
    ...(error.nearest !== undefined && { nearest: error.nearest }),
    ...(error.signIn !== undefined && { signIn: error.signIn }),
  }
}
