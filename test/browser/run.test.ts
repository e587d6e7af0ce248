import type { Page, Route } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/notebook/json.ts'
import { launchBrowser } from '../support/browser.ts'
import { type RunService, startRunService } from '../support/run-service.ts'

let service: RunService

beforeAll(async () => {
  service = await startRunService()
})
afterAll(() => service?.[Symbol.asyncDispose]())

const PATIENCE = { timeout: 30_000 }
const LINK = '/run/notebook/ndvi_calculation?cog_url=https://example.org/scene.tif&_mode=execute'

async function open(page: Page, path: string): Promise<readonly Error[]> {
  const errors: Error[] = []
  page.on('pageerror', (error) => errors.push(error))
  await page.goto(`${service.runner.url}/?token=${service.runner.token}`)
  await page.goto(`${service.runner.url}${path}`)
  return errors
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const object = (entries: Record<string, JsonValue>) => new Map(Object.entries(entries))

it('runs a link by one click, and shows its cells as they come', async () => {
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  const errors = await open(page, LINK)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  await expect
    .poll(() => page.locator('#job-state').textContent(), PATIENCE)
    .toMatch(/^Waiting: place 1 in the queue, there is no worker at the moment$/)

  const { lease } = await service.claim()
  const append = (output: JsonObject) =>
    ({ type: 'output', cell: 2, change: { type: 'append', output } }) as const
  await lease.appendEvents([
    { type: 'state', state: 'running' },
    { type: 'progress', done: 0, total: 4, secondsLeft: 12 },
    { type: 'cell-started', cell: 2 },
    append(object({ output_type: 'stream', name: 'stdout', text: 'hello\u001b[31m red' })),
    { type: 'output', cell: 2, change: { type: 'text', drop: 3, text: 'blue <b>bold</b>' } },
    append(
      object({ output_type: 'display_data', data: object({ 'image/png': PNG, 'text/plain': 'a picture' }) }),
    ),
    append(
      object({
        output_type: 'display_data',
        data: object({
          'text/html': '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">',
        }),
      }),
    ),
    append(
      object({
        output_type: 'display_data',
        data: object({ 'image/png': '"><script>window.hacked = 1</script>' }),
      }),
    ),
    { type: 'cell-finished', cell: 2, status: 'failed', executionCount: 1, seconds: 0.25 },
    { type: 'note', text: 'Some messages were lost.' },
  ])
  const cell = page.locator('[data-cell="2"]')
  const printed = cell.locator('.cell-outputs-stdout')
  await expect.poll(() => printed.textContent(), PATIENCE).toBe('hello blue <b>bold</b>')
  await expect.poll(() => cell.getAttribute('data-status'), PATIENCE).toBe('failed')
  expect(
    await cell.locator('img').evaluateAll((images) => images.map((image) => image.getAttribute('src'))),
  ).toEqual([`data:image/png;base64,${PNG}`])
  await cell.getByText('Not shown whole: it has scripts').waitFor()
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(await page.locator('#job-state').textContent()).toBe(
    'Running: 0 of 4 cells are done, about 12 s left',
  )
  await page.getByRole('alert').getByText('Some messages were lost.').waitFor()
  expect(await page.getByRole('link', { name: 'Open in JupyterLab' }).isVisible()).toBe(false)

  await lease.finish({ state: 'failed', reason: 'cell-error', message: 'Cell 3 raised <ValueError>' })
  await expect
    .poll(() => page.locator('#job-message').textContent(), PATIENCE)
    .toBe('Cell 3 raised <ValueError>')
  await page.getByRole('link', { name: 'Open in JupyterLab' }).waitFor()
  expect(await page.getByRole('button', { name: 'Cancel' }).isVisible()).toBe(false)
  expect(errors).toEqual([])
}, 120_000)

it('runs once however often it is clicked, and shows faults beside their fields', async () => {
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  const errors = await open(page, '/processes/ndvi_calculation?bbox=1,2')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('cog_url: missing').waitFor()
  await page.getByText('bbox: expected').waitFor()
  await page.getByLabel('Image').fill('https://example.org/once.tif')
  await page.getByRole('group', { name: 'Area' }).getByLabel('West').fill('')
  await page.getByRole('group', { name: 'Area' }).getByLabel('South').fill('')
  await page.getByText('It has not run').waitFor()
  // The same key is sent again where the first answer is lost.
  const lose = async (route: Route) => {
    await route.fetch()
    await route.abort()
  }
  await page.route('**/execution', lose, { times: 1 })
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('The service could not be reached').waitFor()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect.poll(() => page.url(), PATIENCE).toMatch(/\/jobs\/[0-9a-f-]{36}$/)
  const text = 'SELECT id FROM run WHERE parameters LIKE $1'
  expect(await service.database.query({ text, values: ['%once.tif%'] })).toHaveLength(1)

  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toBe('Cancelled')
  await page.getByRole('link', { name: 'Change the inputs' }).click()
  expect(await page.getByLabel('Image').inputValue()).toBe('https://example.org/once.tif')
  await page.getByRole('link', { name: 'Runs' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Cancelled' }).first().waitFor()
  expect(errors).toEqual([])
}, 120_000)
