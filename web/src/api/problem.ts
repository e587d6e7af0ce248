import * as v from 'valibot'

/** What is wrong with one parameter. */
const faultSchema = v.object({
  name: v.string(),
  fault: v.picklist(['unknown', 'missing', 'invalid', 'repeated', 'reserved']),
  message: v.string(),
  received: v.optional(v.string()),
  expected: v.optional(v.string()),
  nearest: v.optional(v.string()),
})

export type Fault = v.InferOutput<typeof faultSchema>

/** A problem document (RFC 9457), as src/http/problem-schema.ts has it. */
export const problemSchema = v.object({
  type: v.string(),
  code: v.optional(v.string()),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  requestId: v.optional(v.string()),
  errors: v.optional(v.array(faultSchema)),
  choices: v.optional(v.array(v.string())),
  nearest: v.optional(v.string()),
  /** Where a browser signs in; `?return=` says where it comes back to. */
  signIn: v.optional(v.string()),
  link: v.optional(v.string()),
  /** What a run that failed has left all the same. */
  results: v.optional(v.unknown()),
})
export type Problem = v.InferOutput<typeof problemSchema>

/** The server's refusal, in its own words. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }

  /** Such as `not-signed-in`; of what did not come from the service, the end of its type. */
  get code(): string {
    const { code, type } = this.problem
    return code ?? type.slice(type.lastIndexOf(':') + 1)
  }
}

/** Any error as a problem that can be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  return {
    type: 'urn:notebook-runner:problem:unreachable',
    title: 'The service could not be reached',
    status: 0,
    detail: 'No answer came that could be understood. Is the network there? It is safe to try again.',
  }
}

/** @param path where to come back to, below the service's root */
export const signInAddress = (signIn: string, path: string): string =>
  `${signIn}${signIn.includes('?') ? '' : `?return=${encodeURIComponent(path)}`}`
