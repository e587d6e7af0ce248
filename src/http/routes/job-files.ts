import { Readable } from 'node:stream'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parse as parseRange } from 'range-parser'
import { RunnerError } from '../../errors.ts'
import { grantOf } from '../../identity/caller.ts'
import { LEFT_WORDS, type RunFile } from '../../run/run-file.ts'
import type { ByteRange } from '../../storage/storage.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated } from '../negotiate.ts'
import { FILE_POLICY } from '../policy.ts'
import type { Services } from '../services.ts'

interface FileRequest {
  Params: { id: string; '*': string }
}

/**
 * `GET /jobs/{id}/files/{path}`: a file that the run left in its folder, as it was copied; with `Range` a part of it.
 * The path is looked up as it is and leads nowhere else. Whatever it holds, a browser saves it and shows nothing of it.
 */
export function jobFilesRoute(app: FastifyInstance, services: Services): void {
  app.get<FileRequest>('/jobs/:id/files/*', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const run = await findRun(services, caller, request.params.id)
    const path = request.params['*']
    const file = path.includes('\0') ? undefined : await services.files.find(caller, run.id, path)
    if (file === undefined)
      throw new RunnerError('not-found', 'The run left no such file: its results name those that it did.')
    const { object, digest } = copyOf(file)
    const range = rangeOf(request, file.size, digest)
    if (range === 'none') {
      reply.header('content-range', `bytes */${file.size}`)
      throw new RunnerError('no-such-range', `The file has ${file.size} bytes: ask for some of these.`)
    }
    const scope = { workspace: run.workspace, user: run.ownerName, ...grantOf(caller) }
    const isSent = request.method !== 'HEAD' && file.size > 0
    // Before the head: that it is gone is told in a problem's. (Fastify counts what is no stream, also for HEAD.)
    const content = isSent ? await services.storage.read(scope, object, range) : Readable.from([])
    const { start, end } = range ?? { start: 0, end: file.size - 1 }
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${file.size}`)
    describe(reply, file, digest).header('content-length', end - start + 1)
    return reply.send(content)
  })
}

function copyOf({ copy, path }: RunFile) {
  if ('object' in copy) return copy
  throw new RunnerError(
    'not-found',
    `“${path}” is only in the folder of the run, on the Jupyter server: ${LEFT_WORDS[copy.leftBecause]}.`,
  )
}

function describe(reply: FastifyReply, { path, mediaType }: RunFile, digest: string): FastifyReply {
  return negotiated(reply)
    .type(mediaType)
    .header('content-security-policy', FILE_POLICY)
    .header('content-disposition', contentDisposition(path.slice(path.lastIndexOf('/') + 1)))
    .header('accept-ranges', 'bytes')
    .header('etag', `"${digest}"`)
    .header('repr-digest', `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`)
}

/**
 * The part that is asked for (RFC 9110, section 14): undefined for the whole, which may always be sent, and is where
 * several parts are asked for, or the file is another than the one that the reader has a part of. `none` where it has
 * no such part.
 */
function rangeOf(request: FastifyRequest, size: number, digest: string): ByteRange | 'none' | undefined {
  const { range, 'if-range': known } = request.headers
  if (range === undefined || (known !== undefined && known !== `"${digest}"`)) return undefined
  const { code, type, ranges } = parseRange(size, range)
  if (type !== 'bytes') return undefined
  const [first, ...others] = ranges
  if (first === undefined) return code === NOT_SATISFIABLE ? 'none' : undefined
  return others.length === 0 ? first : undefined
}

/** Of range-parser: every range was one, and none is within the file. */
const NOT_SATISFIABLE = 2
