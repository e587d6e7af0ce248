import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/identity/caller.ts'
import { callerFromClaims } from '../../src/identity/claims.ts'
import { chooseWorkspace } from '../../src/identity/workspace.ts'

const claims = (more: Record<string, unknown>) =>
  callerFromClaims({ iss: 'https://id.example', sub: 's', preferred_username: 'alice', ...more }).workspaces
const caller = (...workspaces: string[]): Caller => ({
  issuer: 'https://id.example',
  subject: 's',
  user: 'alice',
  workspaces,
})

describe('the workspaces of a token', () => {
  it('are those it lists, each once', () => {
    expect(claims({ workspaces: ['b-ws', 'a-ws', 'b-ws'] })).toEqual(['b-ws', 'a-ws'])
    expect(claims({})).toEqual([])
    expect(claims({ workspaces: [] })).toEqual([])
  })

  it('are the one it was made for, whatever else it lists', () => {
    expect(claims({ workspace: 'a-ws' })).toEqual(['a-ws'])
    expect(claims({ workspace: 'a-ws', workspaces: ['a-ws', 'b-ws'] })).toEqual(['a-ws'])
    expect(claims({ workspace: 'A', workspaces: ['b-ws'] })).toEqual([])
  })

  it('are never names that could lead out of a bucket', () => {
    const wicked = [
      '..',
      '.',
      '',
      'a/b',
      'A',
      'a.b',
      '-a',
      'a-',
      'a\n',
      'a\0',
      '%2e',
      'é',
      'a'.repeat(64),
      '__proto__',
    ]
    expect(claims({ workspaces: [...wicked, 'good-ws'] })).toEqual(['good-ws'])
    expect(claims({ workspaces: ['a', '0', 'a'.repeat(63)] })).toHaveLength(3)
  })
})

describe('the workspace to work in', () => {
  it('is the only one', () => {
    expect(chooseWorkspace(caller('a-ws'))).toBe('a-ws')
    expect(chooseWorkspace(caller('a-ws'), 'a-ws')).toBe('a-ws')
  })

  it('is asked for where there are several', () => {
    expect(() => chooseWorkspace(caller('a-ws', 'b-ws'))).toThrow(
      expect.objectContaining({ code: 'workspace-choice', choices: ['a-ws', 'b-ws'] }),
    )
    expect(chooseWorkspace(caller('a-ws', 'b-ws'), 'b-ws')).toBe('b-ws')
  })

  it.each(['c-ws', '', 'A-WS', '../a-ws', 'constructor', '__proto__'])(
    'does not exist when it is not yours: %j',
    (requested) => {
      for (const who of [caller('a-ws'), caller('a-ws', 'b-ws')]) {
        expect(() => chooseWorkspace(who, requested)).toThrow(expect.objectContaining({ code: 'not-found' }))
      }
    },
  )

  it('is missing for one who belongs to none', () => {
    for (const requested of [undefined, 'a-ws']) {
      expect(() => chooseWorkspace(caller(), requested)).toThrow(
        expect.objectContaining({ code: 'no-workspace' }),
      )
    }
  })
})
