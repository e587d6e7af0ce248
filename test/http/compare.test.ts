import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Comparison } from '../../src/http/comparison-schema.ts'
import { problemOf } from '../support/answers.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { startedRun } from '../support/started-run.ts'
import { tempFolder } from '../support/temp-folder.ts'

const NOTEBOOKS = {
  one: [{ parameters: 'year: int = 2024\nzoom: float = 1' }, 'print(year)', 'print(zoom)'],
  other: [{ parameters: 'year: int = 2024\nname = ""' }, 'print(year)', 'print(name)', 'name'],
}
const catalogue = await tempFolder()
let service: RunService

beforeAll(async () => {
  for (const [name, cells] of Object.entries(NOTEBOOKS))
    await writeFile(join(catalogue.path, `${name}.ipynb`), notebookOf(cells))
  service = await startRunService({ CONFIG_URL: catalogue.path })
})
afterAll(async () => {
  await service?.[Symbol.asyncDispose]()
  await catalogue[Symbol.asyncDispose]()
})

it('two runs are told side by side at the address of their page', async () => {
  const { runner } = service
  const left = await startedRun(runner, 'one', { year: 2020, zoom: 1 })
  const right = await startedRun(runner, 'other', { year: 2021, name: 'x' })
  const address = `/compare?left=${left}&right=${right}`
  const response = await runner.program(address)
  expect(response.headers.get('vary')).toContain('Accept')
  const told = Value.Parse(Comparison, await response.json())
  expect([told.left.id, told.left.processID]).toEqual([left, 'one'])
  expect([told.right.id, told.right.processID]).toEqual([right, 'other'])
  expect(told.parameters).toEqual([
    { name: 'year', left: 2020, right: 2021, differs: true },
    { name: 'zoom', left: 1, differs: true },
    { name: 'name', right: 'x', differs: true },
  ])
  const indices = told.cells.map((pair) => [pair.left?.index, pair.right?.index, pair.differs])
  // Cell 0 has the defaults, cell 1 the parameters that were put in.
  expect(indices.slice(2)).toEqual([
    [2, 2, false],
    [3, 3, true],
    [undefined, 4, true],
  ])
  const same = Value.Parse(
    Comparison,
    await (await runner.program(`/compare?left=${left}&right=${left}`)).json(),
  )
  expect([...same.parameters, ...same.cells].filter(({ differs }) => differs)).toEqual([])

  expect(same.cells.map(({ outputsDiffer, outputs }) => [outputsDiffer, outputs])).toEqual(
    same.cells.map(() => [false, []]),
  )

  const page = await runner.fetch(address, {
    headers: { authorization: `Bearer ${runner.token}`, accept: 'text/html' },
  })
  expect(page.headers.get('content-type')).toContain('text/html')
})

it.each([
  ['', 400, 'left is not given: name two runs, as left and right.'],
  ['?left=00000000-0000-4000-8000-000000000000', 404, 'There is no such run in your workspaces.'],
  ['?left=x&right=y', 404, 'There is no such run in your workspaces.'],
])('of /compare%s it says what is wrong', async (query, status, detail) => {
  const response = await service.runner.program(`/compare${query}`)
  expect([response.status, (await problemOf(response)).detail]).toEqual([status, detail])
})
