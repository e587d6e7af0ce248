import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { RunnerError } from '../errors.ts'
import { clientSettings, type S3Address } from './s3-clients.ts'
import { s3Cause, s3Failure, s3Kind, s3Status } from './s3-failure.ts'

interface TemplateRequest {
  /** ETag of the copy at hand, as S3 gave it. */
  readonly etag?: string | undefined
  readonly maxBytes: number
  readonly signal: AbortSignal
}

type TemplateAnswer =
  | { readonly status: 'fresh'; readonly body: Uint8Array; readonly etag: string | undefined }
  | { readonly status: 'unchanged' }

/**
 * Throws `template-unavailable`, naming bucket, key, why and what to do; an aborted `signal` throws its own reason.
 */
export type ReadTemplate = (bucket: string, key: string, request: TemplateRequest) => Promise<TemplateAnswer>

/** Reads notebooks of the catalogue from S3 as the service itself, whatever region their bucket is in. */
export function templateReader(address: S3Address): ReadTemplate {
  const client = new S3Client({ ...clientSettings(address), followRegionRedirects: true })
  return (bucket, key, request) => readTemplate(client, bucket, key, request)
}

async function readTemplate(
  client: S3Client,
  bucket: string,
  key: string,
  { etag, maxBytes, signal }: TemplateRequest,
): Promise<TemplateAnswer> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(etag === undefined ? {} : { IfNoneMatch: etag }),
  })
  try {
    const { Body: content, ETag } = await client.send(command, { abortSignal: signal })
    const body = await readUpTo(content?.transformToWebStream(), maxBytes, `s3://${bucket}/${key}`)
    return { status: 'fresh', body, etag: ETag }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (s3Status(error) === 304) return { status: 'unchanged' }
    if (error instanceof RunnerError) throw error
    const what = `The notebook ${key} could not be read`
    const why =
      s3Kind(error) === 'NoSuchKey'
        ? `${what}: bucket ${bucket} has no such object. Ask the maintainer of the catalogue to correct the entry.`
        : s3Failure(
            { what, action: 's3:GetObject', actor: 'this service', target: `bucket ${bucket}` },
            error,
          ).message
    throw new RunnerError('template-unavailable', why, { cause: s3Cause(error) })
  }
}

async function readUpTo(
  stream: ReadableStream | undefined,
  maxBytes: number,
  name: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop by a throw cancels the stream, and with it the download.
  for await (const chunk of stream ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) {
      throw new RunnerError(
        'template-unavailable',
        `The notebook ${name} is larger than the ${maxBytes} bytes allowed.`,
      )
    }
    chunks.push(chunk)
  }
  // Memory of its own, not a slice of Node's pool: the reader hands it over to another thread.
  const body = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.byteLength
  }
  return body
}
