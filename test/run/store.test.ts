import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller, Scope } from '../../src/identity/caller.ts'
import { fromPlain, JsonNumber, type JsonObject, parseJson } from '../../src/notebook/json.ts'
import type { NewRun } from '../../src/run/run.ts'
import { type RunStore, runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
let store: RunStore
beforeAll(async () => {
  postgres = await testPostgres()
  store = runStore(await postgres.database())
})
afterAll(() => postgres[Symbol.asyncDispose]())

const scopeIn = (workspace: string): Scope => ({
  issuer: 'https://id.example',
  subject: 's-1',
  user: 'alice',
  workspace,
})
const callerOf = (...workspaces: string[]): Caller => ({
  issuer: 'https://id.example',
  subject: 's-2',
  user: 'bob',
  workspaces,
})
const newRun = (given: Partial<NewRun> = {}): NewRun => ({
  id: uuidv7(),
  notebookId: 'ndvi_calculation',
  notebookVersion: undefined,
  parameters: new Map(),
  kernelName: undefined,
  object: { bucket: 'workspace-a', key: 'users/alice/ndvi é/x.ipynb' },
  ...given,
})

describe('the store of runs', () => {
  it('gives back what was put in, to everybody in the workspace', async () => {
    const run = newRun({ notebookVersion: '"etag"', kernelName: 'python3' })
    await store.insertPrepared(scopeIn('team'), run)
    const found = await store.find(callerOf('other', 'team'), run.id)
    expect(found).toEqual({
      ...run,
      state: 'prepared',
      workspace: 'team',
      ownerIssuer: 'https://id.example',
      ownerSubject: 's-1',
      ownerName: 'alice',
      createdAt: expect.any(Date),
    })
  })

  it('keeps parameters exactly: numbers as written, names in order', async () => {
    const text =
      '{"b":1.0,"a":1,"10":12345678901234567890,"__proto__":1e-07,"x":{"z":null,"y":[true,-0.0,NaN]}}'
    const parameters = parseJson(text)
    const run = newRun({ parameters: parameters instanceof Map ? parameters : new Map() })
    await store.insertPrepared(scopeIn('team'), run)
    expect((await store.find(callerOf('team'), run.id))?.parameters).toEqual(parameters)
    const [first] = (await store.find(callerOf('team'), run.id))?.parameters.values() ?? []
    expect(first).toEqual(new JsonNumber('1.0'))
  })

  it('keeps any parameters', async () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()).map((plain) => {
      const given: JsonObject = new Map()
      for (const [name, value] of Object.entries(plain)) given.set(name, fromPlain(value))
      return given
    })
    const surrogate = fc.constant<JsonObject>(new Map([['a\u0000', '\ud800\u0000"\\']]))
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 20, arbitrary: object }, surrogate), async (parameters) => {
        const run = newRun({ parameters })
        await store.insertPrepared(scopeIn('team'), run)
        expect((await store.find(callerOf('team'), run.id))?.parameters).toEqual(parameters)
      }),
      { numRuns: 100 },
    )
  })

  it('shows nothing of another workspace', async () => {
    const run = newRun()
    await store.insertPrepared(scopeIn('team-a'), run)
    for (const caller of [callerOf('team-b'), callerOf(), callerOf('team-a ', 'TEAM-A', '%')]) {
      expect(await store.find(caller, run.id)).toBeUndefined()
      expect(await store.recent(caller, 10)).toEqual([])
    }
    expect(await store.find(callerOf('team-a'), uuidv7())).toBeUndefined()
  })

  it('lists the newest of the workspaces first', async () => {
    const runs = [newRun(), newRun(), newRun()]
    for (const [index, run] of runs.entries()) await store.insertPrepared(scopeIn(`list-${index % 2}`), run)
    await store.insertPrepared(scopeIn('list-other'), newRun())
    const ids = runs.map((run) => run.id).reverse()
    expect((await store.recent(callerOf('list-0', 'list-1'), 10)).map((run) => run.id)).toEqual(ids)
    expect((await store.recent(callerOf('list-0', 'list-1'), 2)).map((run) => run.id)).toEqual(
      ids.slice(0, 2),
    )
  })

  it('takes an id once', async () => {
    const run = newRun()
    await store.insertPrepared(scopeIn('team'), run)
    await expect(store.insertPrepared(scopeIn('team'), run)).rejects.toMatchObject({
      code: 'database-failed',
    })
  })
})
