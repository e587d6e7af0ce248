import type { FastifyReply } from 'fastify'

const policy = (styles: string) =>
  `default-src 'none'; script-src 'self'; style-src ${styles}; img-src 'self' data:; connect-src 'self'; frame-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'`
const PAGE_POLICY = policy("'self'")

/** For what comes out of notebooks: nothing in it may do anything, wherever it is opened. */
export const FILE_POLICY = "default-src 'none'; sandbox"

/** What every answer tells a browser; what it has already of its own stays. */
export function withPolicy(reply: FastifyReply): FastifyReply {
  if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', PAGE_POLICY)
  if (!reply.hasHeader('cross-origin-resource-policy'))
    reply.header('cross-origin-resource-policy', 'same-origin')
  if (!reply.hasHeader('x-frame-options')) reply.header('x-frame-options', 'DENY')
  return reply
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
}

/** The policy of a page whose script makes style elements: only with the nonce of this answer. */
export const withShellPolicy = (reply: FastifyReply, nonce: string): FastifyReply =>
  reply.header('content-security-policy', policy(`'self' 'nonce-${nonce}'`))

/**
 * The policy of the document that shows outputs, in a frame of our own pages alone. It has no origin (`sandbox` without
 * `allow-same-origin`), so no cookies, no storage and no way to its parent but messages. Of scripts it has its own, by the
 * nonce of this answer; styles may stand in outputs; pictures are in them; but for its own styles and fonts nothing is loaded from anywhere. The page
 * around it keeps it from going elsewhere (`frame-src`).
 */
export const withFramePolicy = (reply: FastifyReply, nonce: string): FastifyReply =>
  reply
    .header(
      'content-security-policy',
      `sandbox allow-scripts; default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self' 'unsafe-inline'; img-src data: blob:; font-src 'self' data:; connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'`,
    )
    .header('x-frame-options', 'SAMEORIGIN')
    .header('x-dns-prefetch-control', 'off')
