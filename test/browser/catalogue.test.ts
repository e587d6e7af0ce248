import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RunEnd } from '../../src/run/run.ts'
import { launchBrowser } from '../support/browser.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunService } from '../support/run-service.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { openPage, shots } from '../support/web-page.ts'

const folder = await temporaryDataDir()
let runner: TestRunner
let browser: Browser

beforeAll(async () => {
  const env = { DATA_DIR: folder.path, KERNELS: 'none', VIEW_URL: 'https://lab.example/{path}' }
  ;[runner, browser] = await Promise.all([startRunner(env), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

it('lists the notebooks, and finds them by their words', async () => {
  await using opened = await openPage(browser, runner, '/processes')
  const { page, faults } = opened
  await page.getByRole('link', { name: /NDVI/ }).waitFor()
  expect(await shots(page, 'catalogue')).toEqual([])
  await page.getByLabel('Search').fill('mean_value')
  await expect.poll(() => page.getByRole('listitem').count()).toBe(1)
  await expect.poll(() => page.url()).toBe(`${runner.url}/processes?q=mean_value`)
  expect(faults).toEqual([])
})

it('says of a notebook that is broken why it is, and shows those alone that are asked for', async () => {
  await using catalogue = await tempFolder()
  await using data = await temporaryDataDir()
  await writeFile(join(catalogue.path, 'good.ipynb'), notebookOf([{ parameters: 'year: int = 2024' }]))
  const entries = [
    { id: 'good', file: 'good.ipynb', title: 'A good one' },
    { id: 'bad', title: 'A bad one' },
  ]
  await writeFile(join(catalogue.path, 'catalogue.json'), JSON.stringify(entries))
  await using other = await startRunner({
    DATA_DIR: data.path,
    KERNELS: 'none',
    VIEW_URL: 'https://lab.example/{path}',
    CONFIG_URL: catalogue.path,
  })
  await using opened = await openPage(browser, other, '/processes')
  const { page, faults } = opened
  const cards = page.locator('.notebook-cards > li')
  await expect.poll(() => cards.count()).toBe(2)
  expect(await cards.filter({ hasText: 'A bad one' }).textContent()).toMatch(
    /Broken\. It cannot be offered: .*file/,
  )
  expect(await shots(page, 'catalogue-broken')).toEqual([])
  for (const [choice, titles] of [
    ['That are broken', ['A bad one']],
    ['That never ran', ['A good one']],
    ['That have run', []],
    ['All', ['A good one', 'A bad one']],
  ] as const) {
    await page.getByLabel('Show').selectOption(choice)
    await expect.poll(() => cards.locator('h2').allTextContents()).toEqual([...titles])
  }
  expect(faults).toEqual([])
})

it('shows those alone whose last run failed', { timeout: 120_000 }, async () => {
  await using service = await startRunService()
  const { runner: other } = service
  const inputs = 'cog_url=https://example.org/scene.tif&bbox=-4.5,53.1,-4.4,53.2'
  const run = async (id: string, end: RunEnd) => {
    expect((await other.program(`/run/notebook/${id}?${inputs}&_mode=execute`)).status).toBe(303)
    await (await service.claim()).lease.finish(end)
  }
  const failed = { state: 'failed', reason: 'cell-error', message: 'Cell 1 failed.' } as const
  await run('ndvi_calculation', failed)
  await using opened = await openPage(browser, other, '/processes')
  const { page, faults } = opened
  await page.getByLabel('Show').selectOption('Whose last run failed')
  const titles = page.locator('.notebook-cards > li h2')
  await expect.poll(() => titles.allTextContents()).toEqual(['NDVI: where is it green?'])
  await expect.poll(() => page.url()).toBe(`${other.url}/processes?show=failed`)
  // The last one counts, and not the one before.
  await run('ndvi_calculation', { state: 'succeeded' })
  await page.reload()
  await page.getByRole('heading', { name: 'Notebooks' }).waitFor()
  await expect.poll(() => titles.count()).toBe(0)
  await page.getByLabel('Show').selectOption('That have run')
  await expect.poll(() => titles.allTextContents()).toEqual(['NDVI: where is it green?'])
  expect(faults).toEqual([])
})

it('says in the words of the server why there is no page', async () => {
  await using opened = await openPage(browser, runner, '/processes/ndvi_calculaton')
  const { page } = opened
  await page.getByRole('heading', { name: 'No such notebook' }).waitFor()
  expect(await page.getByText('Did you mean ndvi_calculation?').count()).toBe(1)
  expect(await shots(page, 'no-such-notebook')).toEqual([])
  await page.getByRole('link', { name: 'To the notebooks' }).click()
  await page.getByRole('heading', { name: 'Notebooks' }).waitFor()
})

it('switches between light and dark, and remembers it', async () => {
  await using opened = await openPage(browser, runner, '/processes')
  const { page } = opened
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme')
  await page.getByRole('button', { name: 'Switch to dark colours' }).click()
  expect(await scheme()).toBe('dark')
  await page.reload()
  await page.getByRole('button', { name: 'Switch to light colours' }).waitFor()
  expect(await scheme()).toBe('dark')
})
