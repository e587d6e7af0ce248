import type { FastifyReply } from 'fastify'

const policy = (styles: string) =>
  `default-src 'none'; script-src 'self'; style-src ${styles}; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'`
const PAGE_POLICY = policy("'self'")

/** For what comes out of notebooks: nothing in it may do anything, wherever it is opened. */
export const FILE_POLICY = "default-src 'none'; sandbox"

/** What every answer tells a browser; what it has already of its own stays. */
export function withPolicy(reply: FastifyReply): FastifyReply {
  if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', PAGE_POLICY)
  if (!reply.hasHeader('cross-origin-resource-policy'))
    reply.header('cross-origin-resource-policy', 'same-origin')
  return reply
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('x-frame-options', 'DENY')
    .header('cross-origin-opener-policy', 'same-origin')
}

/** The policy of a page whose script makes style elements: only with the nonce of this answer. */
export const withShellPolicy = (reply: FastifyReply, nonce: string): FastifyReply =>
  reply.header('content-security-policy', policy(`'self' 'nonce-${nonce}'`))
