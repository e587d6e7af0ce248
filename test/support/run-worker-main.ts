import timers from 'node:timers/promises'
import { connectDatabase } from '../../src/database/connect.ts'
import { RunnerError } from '../../src/errors.ts'
import { runQueue } from '../../src/run/queue.ts'
import { silent } from './postgres.ts'

// A worker of its own: claims one run and writes events until it has written `count`, or has lost the run.
// node run-worker-main.ts SOCKET_FOLDER USER DATABASE LEASE_SECONDS COUNT
const [socketFolder = '', user = '', name = '', leaseSeconds = '', count = ''] = process.argv.slice(2)
await using database = connectDatabase({ kind: 'embedded', socketFolder, user, database: name }, silent)
const limits = { perWorkspace: 10, perPerson: 10, leaseSeconds: Number(leaseSeconds) }
const say = (word: string) => process.stdout.write(`${word}\n`)

try {
  const claim = await runQueue(database, limits).claim({ id: `worker ${process.pid}`, kernelHost: 'here' })
  if (claim === undefined) throw new Error('There is nothing to claim.')
  say('claimed')
  for (let note = 1; note <= Number(count); note++) {
    await claim.lease.appendEvents([{ type: 'note', text: `${process.pid} ${note}` }])
    if (note === 3) say('writing')
    await timers.setTimeout(2)
  }
  await claim.lease.finish({ state: 'succeeded' })
  say('finished')
} catch (error) {
  say(error instanceof RunnerError ? error.code : String(error))
}
