import { RunnerError } from '../errors.ts'

/** What was being done when it failed. */
export interface S3Task {
  /** The beginning of the sentence: what did not work. */
  readonly what: string
  /** As a policy names it: `s3:PutObject`. */
  readonly action: string
  /** Who tried. */
  readonly actor: string
  /** “bucket …” or “role …”. */
  readonly target: string
}

/** The answers of S3 and STS that people meet, and what to do about each. Anything else is named as it came. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'access is denied. Ask the administrator of the workspace to allow this.',
  NoSuchBucket: 'there is no such bucket. Ask the administrator of the workspace to have it made.',
  InvalidBucketName: 'the name of the bucket is not valid. Ask the operator of this service to change it.',
  ClockSkew:
    'the clock of this service is wrong. Ask its operator to set it: S3 takes no request that is off by more than 15 minutes.',
  WrongRegion: 'the bucket is in another region. Ask the operator of this service to set its region.',
  ExpiredToken: 'the credentials have expired. Try again.',
  BadKeys: 'the access keys are not accepted. Ask the operator of this service to check its AWS settings.',
  NoKeys: 'this service has no AWS credentials. Ask its operator to give it some.',
  Busy: 'the storage is overloaded or out of order. Try again in a minute.',
  NoAnswer: 'the storage does not answer. Try again in a minute.',
}

/** Other names of the same, from S3, STS, and Node's network errors. */
const SAME: Readonly<Record<string, string>> = {
  RequestTimeTooSkewed: 'ClockSkew',
  RequestExpired: 'ClockSkew',
  InvalidIdentityToken: 'ExpiredToken',
  IDPRejectedClaim: 'AccessDenied',
  Forbidden: 'AccessDenied',
  AccessDeniedException: 'AccessDenied',
  PermanentRedirect: 'WrongRegion',
  TemporaryRedirect: 'WrongRegion',
  AuthorizationHeaderMalformed: 'WrongRegion',
  IllegalLocationConstraintException: 'WrongRegion',
  ExpiredTokenException: 'ExpiredToken',
  InvalidToken: 'ExpiredToken',
  TokenRefreshRequired: 'ExpiredToken',
  InvalidAccessKeyId: 'BadKeys',
  InvalidClientTokenId: 'BadKeys',
  SignatureDoesNotMatch: 'BadKeys',
  CredentialsProviderError: 'NoKeys',
  SlowDown: 'Busy',
  Throttling: 'Busy',
  ThrottlingException: 'Busy',
  RequestLimitExceeded: 'Busy',
  TooManyRequestsException: 'Busy',
  ServiceUnavailable: 'Busy',
  InternalError: 'Busy',
  TimeoutError: 'NoAnswer',
  AbortError: 'NoAnswer',
  RequestTimeout: 'NoAnswer',
  ECONNREFUSED: 'NoAnswer',
  ECONNRESET: 'NoAnswer',
  EPIPE: 'NoAnswer',
  ENOTFOUND: 'NoAnswer',
  EAI_AGAIN: 'NoAnswer',
  EHOSTUNREACH: 'NoAnswer',
  ENETUNREACH: 'NoAnswer',
}

/** `storage-failed`, naming who, what and where, and what to do. What is one already stays as it is. */
export function s3Failure(task: S3Task, error: unknown): RunnerError {
  if (error instanceof RunnerError) return error
  const kind = s3Kind(error)
  const advice = ADVICE[kind] ?? `the storage answered ${kind}.`
  const { what, action, actor, target } = task
  return new RunnerError('storage-failed', `${what} (${action} on ${target} by ${actor}): ${advice}`, {
    cause: new S3Refusal(s3Cause(error).message, { kind, action }),
  })
}

/** What S3 or STS answered, by its folded name, and to what. */
export class S3Refusal extends Error {
  readonly kind: string
  readonly action: string

  constructor(message: string, { kind, action }: { readonly kind: string; readonly action: string }) {
    super(message)
    this.kind = kind
    this.action = action
  }
}

/** For the log. S3's own error repeats the request: the session token, the string that was signed. */
export function s3Cause(error: unknown): Error {
  const names = [nameOf(error), codeOf(error), s3Status(error)].filter(
    (part) => part !== '' && part !== undefined,
  )
  return new Error(`${names.join(' ')}: ${error instanceof Error ? error.message : 'no error'}`)
}

/** The name of the answer, synonyms folded into one. */
export function s3Kind(error: unknown): string {
  const status = s3Status(error)
  for (const name of [nameOf(error), codeOf(error)]) {
    const kind = Object.hasOwn(SAME, name) ? SAME[name] : name
    if (kind !== undefined && Object.hasOwn(ADVICE, kind)) return kind
  }
  if (status === 301 || status === 307) return 'WrongRegion'
  if (status === 403) return 'AccessDenied'
  if (status !== undefined && status >= 500) return 'Busy'
  return (
    nameOf(error)
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(0, 60) || 'with an error'
  )
}

/** HTTP status of the answer; undefined where none came. */
export function s3Status(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const meta = error.$metadata
  if (typeof meta !== 'object' || meta === null || !('httpStatusCode' in meta)) return undefined
  return typeof meta.httpStatusCode === 'number' ? meta.httpStatusCode : undefined
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
