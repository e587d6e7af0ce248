import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'

/** Kept as the output of a CI run, to be looked at. */
const SHOTS = join(import.meta.dirname, '../../test-output/screenshots')

const folder = await temporaryDataDir()
let runner: TestRunner
let browser: Browser

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true })
  ;[runner, browser] = await Promise.all([startRunner({ DATA_DIR: folder.path }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function signedIn(colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme })
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  await page.goto(`${runner.url}/?token=${runner.token}`)
  return page
}

const shot = (page: Page, name: string) =>
  page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })

// JupyterLab and a kernel start in here, on a machine that may be busy.
describe('the first minute', { timeout: 240_000 }, () => {
  it('goes from the printed link to a notebook with its parameters, open in JupyterLab, and it runs', async () => {
    const page = await signedIn()
    expect(page.url()).toBe(`${runner.url}/processes`)
    await page.getByRole('link', { name: /NDVI/ }).waitFor()
    await shot(page, '1-notebooks')

    await page.getByRole('link', { name: /NDVI/ }).click()
    await page.getByRole('button', { name: 'Fill in the example' }).click()
    await page.getByRole('group', { name: 'Area' }).getByLabel('West').fill('-4.5,53.1,-4.42,53.18')
    const link = await page.getByRole('region', { name: 'The link' }).locator('pre').textContent()
    await page.getByText('Stored as').waitFor()
    await page.locator('[data-preview=cog] img').waitFor()
    await page.getByRole('button', { name: 'On a map' }).click()
    await page.locator('[data-ready=true]').waitFor()
    expect(link).toContain('/run/notebook/ndvi_calculation?cog_url=')
    expect(link).toContain('bbox=-4.5,53.1,-4.42,53.18')
    await shot(page, '2-form')

    await page.getByRole('link', { name: 'Open in JupyterLab' }).click()
    await page.waitForURL(/\/lab\/tree\/local\/notebooks\/ndvi_calculation-.*\.ipynb/)
    await page.getByText('bbox = [-4.5, 53.1, -4.42, 53.18]').first().waitFor()
    await page.locator('.jp-Notebook').click()
    // Nobody is asked which kernel: the notebook says it.
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.screenshot({ path: join(SHOTS, '3-jupyterlab.png') })
    await page.getByRole('menuitem', { name: 'Run', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Run All Cells', exact: true }).click()
    await page.locator('.jp-OutputArea-output img').first().waitFor()
    expect(await page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').allTextContents()).toEqual(
      [],
    )
    await page.locator('.jp-OutputArea-output img').first().scrollIntoViewIfNeeded()
    await page.screenshot({ path: join(SHOTS, '4-run.png') })
  })

  it('runs an example by one click, for who has not run anything yet', async () => {
    const page = await signedIn()
    await using fresh = await temporaryDataDir()
    await using other = await startRunner({ DATA_DIR: fresh.path })
    await page.goto(`${other.url}/?token=${other.token}`)
    await page.getByText('New here?').waitFor()
    await shot(page, '0-new')
    await page.getByRole('button', { name: 'Run an example now' }).click()
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
    await page
      .getByText(/^Succeeded/)
      .first()
      .waitFor()
    await shot(page, '0-ran')
    await page.goto(`${other.url}/processes`)
    await page.getByText('Succeeded').waitFor()
    expect(await page.getByText('New here?').count()).toBe(0)
    await shot(page, '0-again')
  })

  it('opens a run link that was clicked elsewhere, at once', async () => {
    const page = await signedIn()
    const link = `${runner.url}/run/notebook/cog_preview?cog_url=${runner.url}/examples/data/scene.tif`
    await page.setContent(`<a href="${link}">run</a>`)
    await page.getByRole('link', { name: 'run' }).click()
    await page.waitForURL(/\/lab\/tree\/local\/notebooks\/cog_preview-/)
  })

  it('marks what is wrong beside its field, and keeps the rest', async () => {
    const page = await signedIn('dark')
    await page.goto(`${runner.url}/run/notebook/ndvi_calculation?bbox=1,2&colour=red`)
    await page.getByRole('alert').filter({ hasText: 'colour' }).waitFor()
    await shot(page, '5-faults-dark')
    const area = page.getByRole('group', { name: 'Area' })
    expect(await area.getByLabel('South').inputValue()).toBe('2')
    expect(await area.getByLabel('South').getAttribute('aria-invalid')).toBe('true')
    await page.getByText('bbox: expected four numbers').waitFor()
    await page.getByRole('button', { name: 'Leave it out' }).click()
    await expect.poll(() => page.url()).not.toContain('colour')
  })

  it('is readable on a phone', async () => {
    const page = await signedIn()
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(`${runner.url}/processes/mean_value_calculation`)
    await page.getByText('What will happen').waitFor()
    await shot(page, '6-form-phone')
    const width = await page.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(360)
  })

  it('tells a stranger which link to open', async () => {
    const page = await browser.newPage()
    await page.goto(`${runner.url}/run/notebook/cog_preview?cog_url=https://example.org/x.tif`)
    await page.getByText('Open the link').waitFor()
    await shot(page, '7-stranger')
  })
})
