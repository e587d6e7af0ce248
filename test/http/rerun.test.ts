import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatusInfo } from '../../src/http/job-schema.ts'
import { batchOf, jobOf, problemOf, runOf } from '../support/answers.ts'
import { type SweepService, startSweepService } from '../support/sweep-service.ts'

let sweeps: SweepService
let alice: string
let bob: string
let mallory: string
let send: SweepService['send']
beforeAll(async () => {
  sweeps = await startSweepService()
  ;({ alice, bob, mallory, send } = sweeps)
})
afterAll(() => sweeps?.[Symbol.asyncDispose]())

async function accept(
  notebook = 'season',
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<StatusInfo> {
  const body = { inputs, workspace: 'team' }
  return jobOf(await send(alice, 'POST', `/processes/${notebook}/execution`, { body }))
}
const rerun = (token: string, id: string, headers: Record<string, string> = {}) =>
  send(token, 'POST', `/jobs/${id}/rerun`, { headers })
const notebookOf = async (id: string) => (await send(alice, 'GET', `/jobs/${id}/notebook`)).text()

describe('a run again', () => {
  it('is a new run of what was accepted, stored beside the first', async () => {
    const first = await accept('season', { year: 2020, scale: 2 })
    await (await sweeps.service.claim()).lease.finish({ state: 'cancelled' })
    const response = await rerun(bob, first.id)
    const second = await jobOf(response)
    expect([response.status, response.headers.get('location')]).toEqual([
      201,
      `${sweeps.service.runner.url}/jobs/${second.id}`,
    ])
    expect(second).toMatchObject({
      state: 'queued',
      retryOf: first.id,
      parameters: first.parameters,
      owner: 'bob',
      workspace: 'team',
    })
    const [before, after] = [await notebookOf(first.id), await notebookOf(second.id)]
    expect(before).toContain(first.id)
    expect(after.replaceAll(second.id, first.id).replaceAll('/bob/', '/alice/')).toBe(before)
  })

  it('keeps numbers, limits and kernel as they were', async () => {
    await accept('season', { scale: 2 })
    const { id } = await accept('season', { scale: 3 })
    const text = await (await rerun(alice, id)).text()
    expect(text).toContain('"scale":3.0')
    const rows = await sweeps.service.database.query<{ limits: string; kernel: string }>({
      text: 'SELECT DISTINCT limits, kernel_name AS kernel FROM run WHERE id = $1 OR retry_of = $1',
      values: [id],
    })
    expect(rows).toHaveLength(1)
  })

  it('is one run for one key', async () => {
    const { id } = await accept()
    const key = { 'idempotency-key': 'again' }
    const [one, other] = await Promise.all([rerun(alice, id, key), rerun(alice, id, key)])
    expect((await jobOf(one)).id).toBe((await jobOf(other)).id)
  })

  it('does not join the sweep of the first', async () => {
    const body = { each: { year: [1] }, workspace: 'team' }
    const batch = await batchOf(await send(alice, 'POST', '/processes/season/execution', { body }))
    const again = await jobOf(await rerun(alice, batch.runs[0]?.id ?? ''))
    expect(again.batch).toBeUndefined()
    expect((await batchOf(await send(alice, 'GET', `/batches/${batch.id}`))).states).toEqual({ queued: 1 })
  })

  it('is refused where it would work as somebody else', async () => {
    const { id, parameters } = await accept('mine', { year: 1 })
    expect(parameters['user']).toBe('alice')
    const response = await rerun(bob, id)
    expect([response.status, (await problemOf(response)).type]).toEqual([
      409,
      'urn:notebook-runner:problem:not-repeatable',
    ])
    expect((await rerun(alice, id)).status).toBe(201)
  })

  it('is refused for a notebook that was only prepared', async () => {
    const { id } = await runOf(await send(alice, 'GET', '/run/notebook/season?_workspace=team'))
    expect((await problemOf(await rerun(alice, id))).type).toBe('urn:notebook-runner:problem:not-repeatable')
  })

  it('is nothing to others, and does not act for a page of another site', async () => {
    const { id } = await accept()
    expect((await rerun(mallory, id)).status).toBe(404)
    expect((await rerun(mallory, 'x')).status).toBe(404)
    expect((await rerun(alice, id, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await rerun(alice, id, { origin: 'https://other.example' })).status).toBe(403)
    expect((await send(alice, 'POST', `/jobs/${id}/rerun?from=2`)).status).toBe(400)
  })
})
