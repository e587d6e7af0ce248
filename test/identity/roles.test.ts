import { describe, expect, it } from 'vitest'
import { callerFromClaims } from '../../src/identity/claims.ts'
import { narrowed, type RoleRules, roleIn } from '../../src/identity/roles.ts'
import { chooseWorkspace } from '../../src/identity/workspace.ts'
import { faultsOf, SEED } from '../config/settings.ts'

const RULES: RoleRules = {
  claim: ['roles'],
  values: [
    { role: 'runner', value: '{workspace}:runner' },
    { role: 'manager', value: '{workspace}:manager' },
    { role: 'manager', value: 'platform-admin' },
  ],
}
const claims = {
  iss: 'https://i.example',
  sub: 's',
  preferred_username: 'u',
  workspaces: ['a', 'b', 'constructor'],
}
const rolesOf = (roles: unknown, rules = RULES) => {
  const caller = callerFromClaims({ ...claims, roles }, rules)
  return caller.workspaces.map((workspace) => roleIn(caller, workspace))
}

describe('a role', () => {
  it.each([
    ['a list', ['a:runner', 'b:manager'], ['runner', 'manager', 'viewer']],
    ['a text', 'a:manager', ['manager', 'viewer', 'viewer']],
    ['an object by workspace', { a: 'runner', b: ['viewer', 'manager'] }, ['runner', 'manager', 'viewer']],
    ['the highest of several', ['a:manager', 'a:runner'], ['manager', 'viewer', 'viewer']],
    ['for all workspaces', ['platform-admin'], ['manager', 'manager', 'manager']],
    ['none', undefined, ['viewer', 'viewer', 'viewer']],
    [
      'something else',
      [1, null, { a: 'manager' }, 'A:MANAGER', 'a:manager ', 'b:*'],
      ['viewer', 'viewer', 'viewer'],
    ],
    ['of a workspace that is not theirs', ['c:manager'], ['viewer', 'viewer', 'viewer']],
    [
      'a name that objects have',
      { constructor: 'runner', __proto__: 'manager' },
      ['viewer', 'viewer', 'runner'],
    ],
  ])('is read from %s', (_name, roles, expected) => {
    expect(rolesOf(roles)).toEqual(expected)
  })

  it('is that of * for everybody', () => {
    const rules = { ...RULES, values: [...RULES.values, { role: 'runner', value: '*' }] } satisfies RoleRules
    expect(rolesOf(['a:manager'], rules)).toEqual(['manager', 'runner', 'runner'])
  })

  it('is found inside of a claim', () => {
    const rules = { ...RULES, claim: ['realm_access', 'roles'] }
    const caller = callerFromClaims({ ...claims, realm_access: { roles: ['b:runner'] } }, rules)
    expect([...(caller.roles ?? [])]).toEqual([
      ['a', 'viewer'],
      ['b', 'runner'],
      ['constructor', 'viewer'],
    ])
  })

  it('is manager where none are told apart', () => {
    const caller = callerFromClaims(claims)
    expect(roleIn(caller, 'a')).toBe('manager')
    expect(narrowed(caller, 'manager')).toBe(caller)
  })
})

describe('the workspace to work in', () => {
  const caller = callerFromClaims({ ...claims, roles: ['b:runner'] }, RULES)

  it('is one in which they have the role, and the only one of these', () => {
    expect(chooseWorkspace(narrowed(caller, 'runner'))).toBe('b')
    expect(narrowed(caller, 'viewer').workspaces).toEqual(claims.workspaces)
  })

  it.each([['a'], [undefined]])('is refused in words where they may only look: %s', (workspace) => {
    const looking = callerFromClaims({ ...claims, roles: [] }, RULES)
    expect(() => chooseWorkspace(narrowed(looking, 'runner'), workspace)).toThrow('you may look')
  })

  it('does not exist where it is not theirs, whatever they are elsewhere', () => {
    expect(() => chooseWorkspace(narrowed(caller, 'runner'), 'c')).toThrow('There is no such workspace')
  })
})

describe('ROLES', () => {
  const of = (ROLES: string) => faultsOf({ ...SEED, ROLE_CLAIM: 'roles', ROLES })

  it('takes roles and values', () => {
    expect(of('runner=*,manager={workspace}-admin')).toEqual([])
  })

  it.each(['owner={workspace}', 'runner', 'runner=', '=x'])('does not take %s', (text) => {
    expect(of(text)).toEqual([
      `ROLES must be such as runner={workspace}:runner, of viewer, runner, manager; got "${text}"`,
    ])
  })

  it('knows no other placeholder', () => {
    expect(of('runner={user}')).toHaveLength(1)
  })
})
