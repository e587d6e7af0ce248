import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchOf, jobOf, problemOf } from '../support/answers.ts'
import { type RunService, startRunService } from '../support/run-service.ts'

const PATH = '/processes/ndvi_calculation'
const INPUTS = { cog_url: 'https://example.org/scene.tif', bbox: [-4.5, 53.1, -4.4, 53.2] }
const QUERY = 'cog_url=https://example.org/scene.tif&bbox=-4.5,53.1,-4.4,53.2'
const USUAL = { runSeconds: 600, cellSeconds: 300, outputBytes: 100_000_000 }

let service: RunService
let headers: { authorization: string; 'content-type': string }

beforeAll(async () => {
  service = await startRunService({ RUN_TIMEOUT: '600', CELL_TIMEOUT: '300' })
  headers = { authorization: `Bearer ${service.runner.token}`, 'content-type': 'application/json' }
})
afterAll(() => service?.[Symbol.asyncDispose]())

const post = (path: string, body: unknown, more: Readonly<Record<string, string>> = {}) =>
  service.runner.fetch(path, {
    method: 'POST',
    headers: { ...headers, ...more },
    body: JSON.stringify(body),
  })
const get = (path: string) =>
  service.runner.fetch(path, { headers: { authorization: headers.authorization } })

describe('the limits of a run', () => {
  it('are those of the settings where nothing is chosen, and both ways of asking choose others', async () => {
    const plain = await jobOf(await post(`${PATH}/execution`, { inputs: INPUTS }))
    expect(plain.limits).toMatchObject(USUAL)
    const body = { inputs: INPUTS, limits: { runSeconds: 60, outputBytes: 2_000 } }
    const chosen = await jobOf(await post(`${PATH}/execution`, body))
    expect(chosen.limits).toMatchObject({ ...USUAL, runSeconds: 60, outputBytes: 2_000 })
    const link = await get(
      `/run/notebook/ndvi_calculation?${QUERY}&_mode=execute&_cell_timeout=7&_idle_timeout=5`,
    )
    expect(link.status).toBe(303)
    expect((await jobOf(link)).limits).toMatchObject({ ...USUAL, cellSeconds: 7, silentSeconds: 5 })
    const [row] = await service.database.query<{ limits: string }>({
      text: 'SELECT limits FROM run WHERE id = $1',
      values: [chosen.jobID],
    })
    expect(JSON.parse(row?.limits ?? '')).toEqual(chosen.limits)
  })

  it('are kept by the run that repeats it', async () => {
    const { jobID } = await jobOf(
      await post(`${PATH}/execution`, { inputs: INPUTS, limits: { cellSeconds: 9 } }),
    )
    const again = await jobOf(await post(`/jobs/${jobID}/rerun`, {}))
    expect(again.limits).toMatchObject({ ...USUAL, cellSeconds: 9 })
  })

  it('are those of each run of a sweep, and make another sweep under the same key', async () => {
    const key = { 'idempotency-key': 'sweep' }
    const body = {
      inputs: { ...INPUTS, bbox: undefined },
      each: {
        bbox: [
          [1, 2, 3, 4],
          [2, 3, 4, 5],
        ],
      },
    }
    const made = await post(`${PATH}/execution`, { ...body, limits: { runSeconds: 30 } }, key)
    expect(made.status).toBe(201)
    const { runs } = await batchOf(made)
    expect(runs.map(({ limits }) => limits)).toEqual([
      expect.objectContaining({ runSeconds: 30 }),
      expect.objectContaining({ runSeconds: 30 }),
    ])
    const other = await post(`${PATH}/execution`, { ...body, limits: { runSeconds: 31 } }, key)
    expect(other.status).toBe(409)
  })

  it('make another request under the same key', async () => {
    const key = { 'idempotency-key': 'one' }
    const asked = (runSeconds: number) =>
      post(`${PATH}/execution`, { inputs: INPUTS, limits: { runSeconds } }, key)
    const [first, same, other] = [await asked(20), await asked(20), await asked(21)]
    expect([first.status, same.status, other.status]).toEqual([201, 201, 409])
    expect((await jobOf(same)).jobID).toBe((await jobOf(first)).jobID)
  })

  it('are refused above the most, below the least and where they are no numbers, with all else that is wrong', async () => {
    const query = `${QUERY}&_run_timeout=601&_cell_timeout=-1&_output_bytes=NaN&_mode=execute&wrong=1`
    const { errors } = await problemOf(await get(`/run/notebook/ndvi_calculation?${query}`))
    expect(errors?.map(({ name, received, expected }) => [name, received, expected])).toEqual([
      ['_run_timeout', '601', 'a whole number of seconds, from 1 to 600'],
      ['_cell_timeout', '-1', 'a whole number of seconds, from 1 to 300'],
      ['_output_bytes', 'NaN', 'a whole number of bytes, from 1000 to 100000000'],
      ['wrong', '1', 'one of cog_url, bbox'],
    ])
    const body = { inputs: { ...INPUTS, wrong: 1 }, limits: { runSeconds: 1e9, cell: 1 } }
    const told = await problemOf(await post(`${PATH}/execution`, body))
    expect(told.errors?.map(({ name }) => name)).toEqual(['limits.cell', 'limits.runSeconds', 'wrong'])
    expect((await post(`${PATH}/execution`, { inputs: INPUTS, limits: [60] })).status).toBe(400)
    expect((await post(`${PATH}/execution`, { query: QUERY, limits: { runSeconds: 1 } })).status).toBe(400)
  })

  it('are refused for a notebook that is only prepared', async () => {
    const { errors } = await problemOf(await get(`/run/notebook/ndvi_calculation?${QUERY}&_run_timeout=60`))
    expect(errors).toMatchObject([
      { name: '_run_timeout', message: expect.stringContaining('_mode=execute') },
    ])
  })

  it('are told before, by the plan, by /me and by the OpenAPI document', async () => {
    const plan = await (await post(`${PATH}/plan`, { query: `${QUERY}&_run_timeout=60` })).json()
    expect(plan).toMatchObject({ limits: { ...USUAL, runSeconds: 60 } })
    expect(await (await get('/me')).json()).toMatchObject({
      limits: { usual: USUAL, most: { ...USUAL, silentSeconds: 300 } },
    })
    const api = JSON.stringify(await (await get('/api')).json())
    expect(api).toContain(
      '"name":"_run_timeout","in":"query","schema":{"type":"integer","minimum":1,"maximum":600}',
    )
  })
})
