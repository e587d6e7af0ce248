import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertInside, fillTemplate, type Layout, locate } from '../../src/storage/layout.ts'
import { userSegment } from '../../src/storage/segment.ts'
import { ALICE, BOB, WICKED } from './contract.ts'

const ID = '0198b6f0-7a4c-7d2e-9f00-1234567890ab'
const LAYOUTS: readonly Layout[] = [
  { kind: 'local' },
  { kind: 'seed', bucket: 'workspace-{workspace}' },
  { kind: 'eodh', bucket: 'workspaces-shared' },
]
const refused = (run: () => unknown, code: string, hint: string) => {
  expect(run, hint).toThrow(expect.objectContaining({ code }))
}

describe('where a notebook goes', () => {
  it('is a folder for each workspace on one machine', () => {
    expect(locate({ kind: 'local' }, ALICE, 'ndvi', ID)).toEqual({
      bucket: 'alice-ws',
      key: `notebooks/ndvi-${ID}.ipynb`,
    })
  })

  it('is the place of the first design', () => {
    expect(locate({ kind: 'seed', bucket: 'workspace-{workspace}' }, ALICE, 'ndvi', ID)).toEqual({
      bucket: 'workspace-alice-ws',
      key: `workspaces/alice-ws/notebooks/alice/ndvi-${ID}.ipynb`,
    })
  })

  it('is the place of the platform', () => {
    expect(locate({ kind: 'eodh', bucket: 'workspaces-shared' }, ALICE, 'ndvi', ID)).toEqual({
      bucket: 'workspaces-shared',
      key: `alice-ws/jupyter/ndvi-${ID}.ipynb`,
    })
  })

  it('may have the user in the name of the bucket, if that makes a valid one', () => {
    const layout: Layout = { kind: 'eodh', bucket: '{workspace}.{user}' }
    expect(locate(layout, ALICE, 'ndvi', ID).bucket).toBe('alice-ws.alice')
    refused(() => locate(layout, { ...ALICE, user: 'a b' }, 'ndvi', ID), 'invalid-request', 'a b')
  })

  it('is refused where the workspace makes the name of its bucket too long', () => {
    const workspace = 'a'.repeat(63)
    refused(
      () => locate({ kind: 'seed', bucket: 'workspace-{workspace}' }, { ...ALICE, workspace }, 'x', ID),
      'invalid-request',
      '63',
    )
  })

  it('fills templates in without reading a name as a pattern', () => {
    expect(fillTemplate('{workspace}/{user}/{workspace}', { workspace: 'w', user: '$&{workspace}' })).toBe(
      'w/!24!26!7Bworkspace!7D/w',
    )
  })
})

describe('names that try to leave', () => {
  it.each(LAYOUTS)('are refused as workspace, notebook and output: $kind', (layout) => {
    for (const name of [...WICKED, 'a'.repeat(1024), '__proto__/x']) {
      refused(() => locate(layout, { ...ALICE, workspace: name }, 'ndvi', ID), 'invalid-request', name)
      refused(
        () => locate(layout, ALICE, name === 'a'.repeat(1024) ? name : `${name}/`, ID),
        'invalid-request',
        name,
      )
      refused(() => locate(layout, ALICE, 'ndvi', name), 'invalid-request', name)
    }
    for (const workspace of ['Alice', '-a', 'a-', 'a_b', 'a.b', 'a'.repeat(64)]) {
      refused(() => locate(layout, { ...ALICE, workspace }, 'ndvi', ID), 'invalid-request', workspace)
    }
    refused(() => locate(layout, ALICE, 'ndvi', ID.toUpperCase()), 'invalid-request', 'upper case')
    refused(() => locate(layout, ALICE, 'ndvi', `${ID}\n`), 'invalid-request', 'line end')
  })

  it('make no way out of any text as a user name', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom(...WICKED)),
        (user) => {
          fc.pre(user !== '' && user.isWellFormed())
          const scope = { workspace: 'alice-ws', user }
          const object = locate({ kind: 'seed', bucket: 'workspace-{workspace}' }, scope, 'ndvi', ID)
          expect(object.key.split('/')).toHaveLength(5)
          expect(object.key).toMatch(
            /^workspaces\/alice-ws\/notebooks\/[A-Za-z0-9_@!-][A-Za-z0-9._@!-]*\/ndvi-[0-9a-f-]{36}\.ipynb$/,
          )
          expect(Buffer.byteLength(object.key)).toBeLessThan(1024)
          assertInside({ kind: 'seed', bucket: 'workspace-{workspace}' }, scope, object)
        },
      ),
    )
    refused(() => userSegment(''), 'invalid-request', 'empty')
    refused(() => userSegment('\ud800'), 'invalid-request', 'half a character')
  })
})

describe('the segment of a user', () => {
  it.each([
    ['alice', 'alice'],
    ['Alice.B_c-d@example.org', 'Alice.B_c-d@example.org'],
    ['.', '!2E'],
    ['..', '!2E.'],
    ['.ssh', '!2Essh'],
    ['a/b', 'a!2Fb'],
    ['a!2Fb', 'a!212Fb'],
    ['%2e%2e', '!252e!252e'],
    ['caf\u00e9', 'caf!C3!A9'],
    ['cafe\u0301', 'cafe!CC!81'],
  ])('of %j is %j', (user, segment) => {
    expect(userSegment(user)).toBe(segment)
  })

  it('is of that user alone', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 200 })
      .filter((one) => one.isWellFormed())
    fc.assert(
      fc.property(name, name, (one, other) => (userSegment(one) === userSegment(other)) === (one === other)),
    )
  })

  it('is short for a long name, and still of that user alone', () => {
    const long = '\u00e9'.repeat(500)
    expect(userSegment(long)).toHaveLength(128)
    expect(userSegment(long)).not.toBe(userSegment(`${long}x`))
    expect(userSegment(userSegment(long))).not.toBe(userSegment(long))
  })
})

describe('the fence around a workspace', () => {
  it.each(LAYOUTS)('lets nobody into another one: $kind', (layout) => {
    const [alice, bob] = [ALICE, BOB].map((scope) => locate(layout, scope, 'ndvi', randomUUID()))
    if (alice === undefined || bob === undefined) throw new Error('Both have a place')
    assertInside(layout, ALICE, alice)
    assertInside(layout, { ...ALICE, user: 'a colleague' }, alice)
    for (const object of [bob, { ...alice, bucket: 'other' }, { ...alice, key: `x${alice.key}` }]) {
      refused(() => assertInside(layout, ALICE, object), 'not-found', object.key)
    }
    refused(() => assertInside(layout, BOB, alice), 'not-found', alice.key)
    refused(
      () => assertInside(layout, { ...ALICE, workspace: 'alice' }, alice),
      'not-found',
      'a shorter name',
    )
  })
})
