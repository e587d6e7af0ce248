import type { SettingReader } from './setting-reader.ts'

const ROLES = ['viewer', 'runner', 'manager'] as const

/** By which claims of a token somebody has a role in a workspace. */
export interface RolesConfig {
  /** Names of the claim and of what is in it. */
  readonly claim: readonly string[]
  readonly values: ReadonlyArray<{ readonly role: (typeof ROLES)[number]; readonly value: string }>
}

/** Undefined where there is no ROLE_CLAIM. */
export function readRoles(read: SettingReader): RolesConfig | undefined {
  const claim = read.optional('ROLE_CLAIM')
  if (claim === undefined) return undefined
  read.template('ROLES', ['workspace'])
  const values = read.list('ROLES').flatMap((text) => {
    const at = text.indexOf('=')
    const role = ROLES.find((one) => one === text.slice(0, Math.max(at, 0)))
    const value = text.slice(at + 1)
    if (role !== undefined && value !== '') return [{ role, value }]
    read.fault('ROLES', `must be such as runner={workspace}:runner, of ${ROLES.join(', ')}; got "${text}"`)
    return []
  })
  return { claim: claim.split('.'), values }
}
