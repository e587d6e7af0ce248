import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
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
