import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { RunMetrics } from '../../src/http/run-metrics.ts'
import type { QueueDepth } from '../../src/run/queue-depth.ts'
import { FAILURE_REASONS } from '../../src/run/run.ts'

it('shows counters of closed lists at 0 before anything has happened, so that the first one is an increase', async () => {
  const registry = new Registry()
  const metrics = new RunMetrics(registry, async () => ({ depth: 0, unfinished: 0, oldestSeconds: 0 }))
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => /_total\{/.test(line))
  const ended = (state: string, reason: string) =>
    `notebook_runs_ended_total{state="${state}",reason="${reason}"}`
  const before = [
    'notebook_run_claims_total{adopted="true"} 0',
    'notebook_run_claims_total{adopted="false"} 0',
    `${ended('succeeded', '')} 0`,
    `${ended('cancelled', '')} 0`,
    ...FAILURE_REASONS.map((reason) => `${ended('failed', reason)} 0`),
  ]
  expect(await lines()).toEqual(before)
  metrics.ended({ state: 'failed', reason: 'outcome-unknown', message: 'Nobody knows.' }, 1)
  const lost = ended('failed', 'outcome-unknown')
  expect(await lines()).toEqual(before.map((line) => (line === `${lost} 0` ? `${lost} 1` : line)))
})

it('shows the queue as it is at the scrape, by one query, and nothing of it while the database is away', async () => {
  const registry = new Registry()
  let asked = 0
  let queue: QueueDepth | undefined = { depth: 2, unfinished: 7, oldestSeconds: 30 }
  new RunMetrics(registry, async () => {
    asked += 1
    if (queue === undefined) throw new Error('away')
    return queue
  })
  const lines = async () =>
    (await registry.metrics()).split('\n').filter((line) => /^notebook_(queue|runs_unfinished)/.test(line))
  expect(await lines()).toEqual([
    'notebook_queue_depth 2',
    'notebook_runs_unfinished 7',
    'notebook_queue_oldest_seconds 30',
  ])
  expect(asked).toBe(1)
  queue = undefined
  expect(await lines()).toEqual([])
  queue = { depth: 0, unfinished: 5, oldestSeconds: 0 }
  expect(await lines()).toContain('notebook_runs_unfinished 5')
})
