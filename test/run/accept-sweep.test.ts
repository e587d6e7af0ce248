import { expect, it } from 'vitest'
import { sweepsWith } from '../../src/run/accept-sweep.ts'

it('a sweep of large notebooks is refused before anything is written', async () => {
  const scope = { issuer: 'i', subject: 's', user: 'u', workspace: 'w' }
  const run = {
    notebookId: 'n',
    notebookVersion: undefined,
    parameters: new Map(),
    kernelName: 'python3',
    object: { bucket: 'b', key: 'k' },
  }
  const large = [new Uint8Array(100 * 1024 * 1024)]
  const created: unknown[] = []
  const sweeps = sweepsWith({
    admit: async () => undefined,
    fillSweep: async () => ({
      scope,
      each: ['x'],
      count: 3,
      chosen: {},
      *notebooks() {
        for (const id of ['1', '2', '3'])
          yield { scope, run: { ...run, id }, mode: undefined, limits: {}, notebook: large }
      },
    }),
    batches: {
      earlier: async () => undefined,
      create: async (_scope, batch) => {
        created.push(batch)
        throw new Error('Nothing is to be written.')
      },
    },
    max: 10,
  })
  const caller = { ...scope, workspaces: ['w'] }
  await expect(
    sweeps.accept(caller, 'n', { kind: 'query', pairs: [] }, { stopServer: false }),
  ).rejects.toThrow('300 MiB in all')
  expect(created).toEqual([])
})
