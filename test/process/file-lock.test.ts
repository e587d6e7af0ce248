import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lock, tryLock } from '../../src/process/file-lock.ts'
import { otherProcess } from '../support/other-process.ts'
import { temporaryDataDir } from '../support/postgres.ts'

it('is held by one, or shared by many', async () => {
  await using folder = await temporaryDataDir()
  const path = join(folder.path, 'a.lock')
  {
    using one = tryLock(path, 'shared')
    using two = tryLock(path, 'shared')
    expect([one, two]).not.toContain(undefined)
    expect(tryLock(path, 'exclusive')).toBeUndefined()
  }
  using alone = tryLock(path, 'exclusive')
  expect(alone).toBeDefined()
  expect(tryLock(path, 'exclusive')).toBeUndefined()
  expect(tryLock(path, 'shared')).toBeUndefined()
})

it('is let go of when its holder is killed', async () => {
  await using folder = await temporaryDataDir()
  const path = join(folder.path, 'a.lock')
  await using other = await otherProcess(['lock', path])
  expect(tryLock(path, 'exclusive')).toBeUndefined()
  await other.kill()
  using held = tryLock(path, 'exclusive')
  expect(held).toBeDefined()
})

it('is waited for until the signal says otherwise', async () => {
  await using folder = await temporaryDataDir()
  const path = join(folder.path, 'a.lock')
  const held = tryLock(path, 'exclusive')
  const waiting = lock(path, 'exclusive', AbortSignal.timeout(30_000))
  await expect(lock(path, 'shared', AbortSignal.timeout(50))).rejects.toThrow(/timeout/)
  held?.[Symbol.dispose]()
  using mine = await waiting
  expect(mine).toBeDefined()
})

it('says so where there is no place for it', () => {
  expect(() => tryLock('/nowhere/at/all/a.lock', 'shared')).toThrow(/unable to open/)
})
