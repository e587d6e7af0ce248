import { createHash } from 'node:crypto'
import type { StorageScope } from './storage.ts'

const MAX_SESSION_NAME = 64

/**
 * The template with its names, as STS takes it: up to 64 of `[A-Za-z0-9_+=,.@-]` (the API reference of AssumeRole,
 * RoleSessionName). What is changed for that ends in a hash of the whole, so that two names stay two.
 */
export function sessionName(template: string, scope: StorageScope): string {
  const name = template
    .replaceAll('{workspace}', () => scope.workspace)
    .replaceAll('{user}', () => scope.user)
  const fit = name.replace(/[^\w+=,.@-]/g, '_')
  if (fit === name && name.length <= MAX_SESSION_NAME) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${fit.slice(0, MAX_SESSION_NAME - 9)}-${hash}`
}
