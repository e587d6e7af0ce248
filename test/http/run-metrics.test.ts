import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { RunMetrics } from '../../src/http/run-metrics.ts'
import { FAILURE_REASONS } from '../../src/run/run.ts'

it('shows counters of closed lists at 0 before anything has happened, so that the first one is an increase', async () => {
  const registry = new Registry()
  const metrics = new RunMetrics(registry, async () => ({ depth: 0, oldestSeconds: 0 }))
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
