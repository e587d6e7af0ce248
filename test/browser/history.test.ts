import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RunLease } from '../../src/run/lease.ts'
import type { RunEnd } from '../../src/run/run.ts'
import { Thumbnailer } from '../../src/run/thumbnailer.ts'
import { jobOf } from '../support/answers.ts'
import { launchBrowser } from '../support/browser.ts'
import { png } from '../support/pictures.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { openPage, shots } from '../support/web-page.ts'

let service: RunService
let browser: Browser
let thumbnailer: Thumbnailer

beforeAll(async () => {
  ;[service, browser] = await Promise.all([startRunService(), launchBrowser()])
  thumbnailer = new Thumbnailer()
  await ended('cog_preview', { cog_url: 'https://example.org/a.tif' }, { state: 'succeeded' })
  await ended('cog_preview', { cog_url: 'https://example.org/b.tif' }, FAILED)
  await ended('ndvi_calculation', NDVI, { state: 'succeeded' })
})
afterAll(async () => {
  await thumbnailer?.[Symbol.asyncDispose]()
  await browser?.close()
  await service?.[Symbol.asyncDispose]()
})

const NDVI = { cog_url: 'https://example.org/scene.tif', bbox: [-4.5, 53.1, -4.4, 53.2] }
const FAILED: RunEnd = { state: 'failed', reason: 'cell-error', message: 'Cell 2 raised ValueError: x' }

/** A run that waits. */
async function accepted(notebook: string, inputs: Readonly<Record<string, unknown>>): Promise<string> {
  const { runner } = service
  const response = await runner.fetch(`/processes/${notebook}/execution`, {
    method: 'POST',
    headers: { authorization: `Bearer ${runner.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  })
  return (await jobOf(response)).jobID
}

/** A run that goes, in the hands of the test. */
async function started(notebook: string, inputs: Readonly<Record<string, unknown>>): Promise<RunLease> {
  await accepted(notebook, inputs)
  const { lease } = await service.claim()
  await lease.appendEvents([
    { type: 'state', state: 'running' },
    { type: 'progress', done: 2, total: 5 },
  ])
  return lease
}

async function ended(
  notebook: string,
  inputs: Readonly<Record<string, unknown>>,
  end: RunEnd,
): Promise<void> {
  const lease = await started(notebook, inputs)
  const picture = png(300, 200, (x, y) => (x * y) % 256)
  const thumbnail = end.state === 'succeeded' ? await thumbnailer.make(picture) : undefined
  if (thumbnail !== undefined) await lease.setThumbnail(thumbnail)
  await lease.finish(end)
}

const rows = (page: Page) => page.locator('.history-rows > li')
const button = (page: Page, name: string | RegExp) =>
  page.getByRole('region', { name: 'Selected runs' }).getByRole('button', { name })

it('shows what ran, with its last picture, and finds runs by what is asked for', async () => {
  await using opened = await openPage(browser, service.runner, '/jobs')
  const { page, faults } = opened
  await expect.poll(() => rows(page).count()).toBe(3)
  expect(await rows(page).first().textContent()).toMatch(
    /ndvi_calculation.*bbox=-4.5,53.1,-4.4,53.2.*Succeeded/,
  )
  const sizes = () =>
    page
      .locator('.thumbnail img')
      .evaluateAll((images) => images.map((image) => 'naturalWidth' in image && image.naturalWidth))
  await expect.poll(sizes).toEqual([240, 240])
  await page.getByLabel(/Select ndvi_calculation/).check()
  expect(await shots(page, 'history')).toEqual([])

  await page.getByLabel('State').selectOption({ label: 'Failed' })
  await expect.poll(() => rows(page).count()).toBe(1)
  expect(page.url()).toBe(`${service.runner.url}/jobs?state=failed`)
  expect(await rows(page).textContent()).toContain('a cell raised an error')
  await page.goBack()
  await expect.poll(() => rows(page).count()).toBe(3)
  expect(await page.getByLabel('State').inputValue()).toBe('')

  await page.getByLabel('Parameter').fill('cog_url')
  await page.getByLabel('with value').fill('https://example.org/a.tif')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect.poll(() => rows(page).count()).toBe(1)
  await page.reload()
  await expect.poll(() => page.getByLabel('with value').inputValue()).toBe('https://example.org/a.tif')
  await page.getByRole('button', { name: 'Clear', exact: true }).click()
  await page.getByLabel('From').fill('2020-01-01')
  await page.getByLabel('To', { exact: true }).fill('2020-12-31')
  await page.getByText('There are no such runs.').waitFor()
  expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe('2020-12-31')
  expect(faults).toEqual([])
})

it('has pages, which Back goes back through, in the order that is asked for', async () => {
  await using opened = await openPage(browser, service.runner, '/jobs?limit=2&sort=oldest')
  const { page } = opened
  await expect.poll(() => rows(page).count()).toBe(2)
  const first = await rows(page).first().textContent()
  expect(first).toContain('a.tif')
  await page.getByRole('link', { name: 'Next page' }).click()
  await expect.poll(() => rows(page).first().textContent()).toContain('ndvi_calculation')
  expect(await page.getByRole('link', { name: 'Next page' }).count()).toBe(0)
  await page.goBack()
  await expect.poll(() => rows(page).first().textContent()).toContain('a.tif')
})

it('says what is wrong with what is asked for', async () => {
  await using opened = await openPage(browser, service.runner, '/jobs?state=over&sort=best')
  const { page } = opened
  await page
    .getByRole('alert')
    .getByText('sort: expected newest, oldest, longest, shortest.', { exact: true })
    .waitFor()
  expect(await shots(page, 'history-faults')).toEqual([])
})

it('follows a run as it goes', async () => {
  await using opened = await openPage(browser, service.runner, '/jobs?processID=ndvi_calculation')
  const { page } = opened
  await expect.poll(() => rows(page).count()).toBe(1)
  const lease = await started('ndvi_calculation', NDVI)
  await page.getByRole('progressbar', { name: '2 of 5 cells are done' }).waitFor()
  expect(await rows(page).first().textContent()).toContain('Running')
  await lease.finish({ state: 'cancelled' })
  await rows(page).first().getByText('Cancelled').waitFor()
})

it('acts on several, and tells by name what could not be done', async () => {
  const inputs = { cog_url: 'https://example.org/many.tif' }
  for (let count = 0; count < 3; count++) await accepted('cog_preview', inputs)
  const query = new URLSearchParams({ parameter: `cog_url:${inputs.cog_url}` })
  await using opened = await openPage(browser, service.runner, `/jobs?${query}`)
  const { page, faults } = opened
  await expect.poll(() => rows(page).count()).toBe(3)
  await page.getByLabel('Select all on this page').check()
  expect(await button(page, 'Delete').isDisabled()).toBe(true)
  // Two end while the person looks at the list.
  await page.route('**/jobs?*f=json*', (route) => route.abort())
  for (let count = 0; count < 2; count++) await (await service.claim()).lease.finish({ state: 'succeeded' })
  await button(page, 'Cancel').click()
  await page.getByText('1 of 3 to be cancelled. The others failed:').waitFor()
  expect(
    await page
      .getByText(/^cog_preview of .*: The run has ended already: there is nothing to cancel\.$/)
      .count(),
  ).toBe(2)
  await page.unroute('**/jobs?*f=json*')
  await page.reload()
  await expect.poll(() => rows(page).count()).toBe(3)

  await page.getByLabel('Select all on this page').check()
  await button(page, 'Run again').click()
  await expect.poll(() => rows(page).count()).toBe(6)
  await page.getByText('3 started again.').waitFor()
  await page.getByLabel('State').selectOption({ label: 'Succeeded' })
  await expect.poll(() => rows(page).count()).toBe(2)
  await page.getByLabel('Select all on this page').check()
  await button(page, 'Delete').click()
  await page.getByText('Delete 2 runs from this list?').waitFor()
  expect(await shots(page, 'history-delete')).toEqual([])
  await button(page, 'Delete').click()
  await page.getByText('2 deleted from the list.').waitFor()
  await page.getByText('There are no such runs.').waitFor()

  const id = await accepted('cog_preview', inputs)
  let claim = await service.claim()
  while (claim.run.id !== id) {
    await claim.lease.finish({ state: 'cancelled' })
    claim = await service.claim()
  }
  await claim.lease.finish({ state: 'succeeded' })
  await page.reload()
  await page.getByLabel('Select all on this page').check()
  await button(page, 'Delete').click()
  await page.getByLabel('And the notebooks and files from the workspace, for good').check()
  await button(page, 'Delete').click()
  await page.getByText('1 deleted with notebooks and files.').waitFor()
  expect((await service.runner.program(`/jobs/${id}`)).status).toBe(404)
  expect(faults.filter((fault) => !fault.includes('Failed to load resource'))).toEqual([])
})
