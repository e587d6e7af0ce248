import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { processStart, readRecord, runs, writeRecord } from '../../src/process/process-record.ts'
import { temporaryDataDir } from '../support/postgres.ts'

it('tells a process from a later one by the same number', async () => {
  const started = await processStart(process.pid)
  expect(started).toBeDefined()
  expect(await processStart(process.pid)).toBe(started)
  expect(await runs({ pid: process.pid, started: started ?? '', details: {} })).toBe(true)
  expect(await runs({ pid: process.pid, started: 'some other time', details: {} })).toBe(false)
})

it('knows when a process has ended', async () => {
  const child = spawn('sleep', ['60'])
  const record = { pid: child.pid ?? 0, started: (await processStart(child.pid ?? 0)) ?? '', details: {} }
  expect(await runs(record)).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await runs(record)).toBe(false)
})

it('keeps a record that only its owner can read', async () => {
  await using folder = await temporaryDataDir()
  const path = join(folder.path, 'process.json')
  const record = { pid: 12, started: 'then', details: { port: '8888' } }
  await writeRecord(path, record)
  expect(await readRecord(path)).toEqual(record)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it.each([
  '',
  'null',
  '[]',
  '{"pid":1}',
  '{"pid":"1","started":"x","details":{}}',
  '{"pid":1,"started":"x","details":{"a":1}}',
])('takes %j for no record', async (text) => {
  await using folder = await temporaryDataDir()
  const path = join(folder.path, 'process.json')
  await writeFile(path, text)
  expect(await readRecord(path)).toBeUndefined()
  expect(await readRecord(`${path}.missing`)).toBeUndefined()
})
