import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'

const NAMES = ['run', 'link', 'copy', 'action', 'form', 'output', 'constructor']
const folder = await temporaryDataDir()
let runner: TestRunner

beforeAll(async () => {
  const examples = join(import.meta.dirname, '../../examples')
  await copyFile(join(examples, 'cog_preview.ipynb'), join(folder.path, 'names.ipynb'))
  const inputSpec = Object.fromEntries(NAMES.map((name) => [name, 'text']))
  const entry = { id: 'names', file: 'names.ipynb', inputSpec: { ...inputSpec, urls: 'urlList' } }
  await writeFile(join(folder.path, 'catalogue.json'), JSON.stringify([entry]))
  runner = await startRunner({
    DATA_DIR: folder.path,
    CONFIG_URL: join(folder.path, 'catalogue.json'),
    KERNELS: 'none',
    VIEW_URL: 'https://lab.example/{key}',
  })
})
afterAll(async () => {
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

it('shows the link as a person writes it, whatever the inputs are called', async () => {
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  const errors: Error[] = []
  page.on('pageerror', (error) => errors.push(error))
  await page.goto(`${runner.url}/?token=${runner.token}`)
  await page.goto(`${runner.url}/processes/names`)
  for (const name of NAMES) await page.getByLabel(name, { exact: false }).first().fill('ä b&c=d')
  await page.getByLabel('urls').fill('https://a.example/x,https://b.example/y?z=1')
  const given = NAMES.map((name) => `${name}=%C3%A4%20b%26c%3Dd`).join('&')
  expect(await page.locator('#run-link').textContent()).toBe(
    `${runner.url}/run/notebook/names?${given}&urls=https://a.example/x,https://b.example/y%3Fz%3D1`,
  )
  expect(await page.getByText('with commas between them').count()).toBe(1)
  expect(errors).toEqual([])
})
