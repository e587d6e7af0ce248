/** The closed list of what can go wrong, each with its HTTP status and the title of its problem type (RFC 9457). */
export const PROBLEMS = {
  'invalid-parameters': { status: 400, title: 'The parameters do not fit the notebook' },
  'invalid-request': { status: 400, title: 'The request is not understood' },
  'not-signed-in': { status: 401, title: 'Sign-in needed' },
  'invalid-token': { status: 401, title: 'The access token is not accepted' },
  'sign-in-failed': { status: 400, title: 'The sign-in did not work' },
  'no-workspace': { status: 403, title: 'No workspace to work in' },
  'not-allowed': { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'no-such-notebook': { status: 404, title: 'No such notebook' },
  'no-such-kernel': { status: 422, title: 'There is no such kernel' },
  'kernel-gone': { status: 409, title: 'The kernel is gone' },
  'no-such-run': { status: 404, title: 'No such run' },
  'not-acceptable': { status: 406, title: 'No such representation' },
  'workspace-choice': { status: 409, title: 'Choose a workspace' },
  'wrong-state': { status: 409, title: 'The run is in another state' },
  'not-repeatable': { status: 409, title: 'The run cannot be run again' },
  'no-such-batch': { status: 404, title: 'No such sweep' },
  'idempotency-conflict': { status: 409, title: 'The idempotency key was used for another request' },
  'lease-lost': { status: 409, title: 'Another worker has taken the run over' },
  'no-preview': { status: 422, title: 'There is no preview' },
  'no-kernels': { status: 409, title: 'This service does not execute notebooks' },
  'result-not-ready': { status: 404, title: 'The run has not ended yet' },
  'not-json': { status: 415, title: 'The body must be JSON' },
  'too-large': { status: 413, title: 'Too large' },
  'no-such-range': { status: 416, title: 'The file has no such part' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'too-many-runs': { status: 429, title: 'Too many runs are waiting' },
  'run-failed': { status: 422, title: 'The run did not succeed' },
  'invalid-notebook': { status: 422, title: 'The notebook cannot be used' },
  'unsupported-language': { status: 422, title: 'The language of the notebook is not supported' },
  'broken-entry': { status: 502, title: 'The catalogue entry is broken' },
  'catalogue-unavailable': { status: 503, title: 'The catalogue is not available' },
  'template-unavailable': { status: 502, title: 'The notebook cannot be fetched' },
  'identity-unavailable': { status: 503, title: 'Tokens cannot be checked at the moment' },
  'storage-failed': { status: 502, title: 'The workspace storage did not take the notebook' },
  'database-failed': { status: 503, title: 'The database is not available' },
  'kernel-host-failed': { status: 503, title: 'The Jupyter server is not available' },
  'server-failed': { status: 502, title: 'Your Jupyter server did not start' },
  'hub-unknown-user': { status: 409, title: 'Sign in to JupyterHub first' },
  'would-stop-server': { status: 409, title: 'Another server of yours would be stopped' },
  'invalid-settings': { status: 500, title: 'The settings are wrong' },
  'server-unreachable': { status: 502, title: 'The server does not answer as it should' },
  'check-failed': { status: 500, title: 'A check found a fault' },
  usage: { status: 400, title: 'The command is not understood' },
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string }>

export type ErrorCode = keyof typeof PROBLEMS

/** One thing wrong with one parameter: its name, what came, what was expected, and the nearest valid name. */
export interface ParameterFault {
  readonly name: string
  readonly fault: 'unknown' | 'missing' | 'invalid' | 'repeated' | 'reserved'
  /** A whole sentence for the person who made the link. */
  readonly message: string
  readonly received?: string
  readonly expected?: string
  readonly nearest?: string
}

export interface ErrorExtras {
  readonly cause?: unknown
  /** Every fault at once (`invalid-parameters`). */
  readonly errors?: readonly ParameterFault[]
  /** What may be chosen (`workspace-choice`). */
  readonly choices?: readonly string[]
  /** Nearest valid id (`no-such-notebook`). */
  readonly nearest?: string
  /** Address at which a browser signs in (`not-signed-in`, `sign-in-failed`). */
  readonly signIn?: string
  /** Where the person can do something about it (`hub-unknown-user`). */
  readonly link?: string
  /** Seconds after which the same may be asked again (`too-many-requests`, `too-many-runs`). */
  readonly retryAfter?: number
}

/**
 * The only error class. `message` is a sentence for the person: what is wrong and what to do; it never holds a
 * secret. What is not for the person goes into `cause`, which is logged and never sent.
 */
export class RunnerError extends Error {
  override readonly name = 'RunnerError'
  readonly code: ErrorCode
  readonly errors: readonly ParameterFault[] | undefined
  readonly choices: readonly string[] | undefined
  readonly nearest: string | undefined
  readonly signIn: string | undefined
  readonly link: string | undefined
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.code = code
    this.errors = extras.errors
    this.choices = extras.choices
    this.nearest = extras.nearest
    this.signIn = extras.signIn
    this.link = extras.link
    this.retryAfter = extras.retryAfter
  }
}
