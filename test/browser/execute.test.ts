import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'

/** Kept as the output of a CI run, to be looked at. */
const SHOTS = join(import.meta.dirname, '../../test-output/screenshots')

it('a run link executes by one click, shows its picture, and ends open in JupyterLab', {
  timeout: 300_000,
}, async () => {
  await mkdir(SHOTS, { recursive: true })
  await using folder = await temporaryDataDir()
  await using runner = await startRunner({ DATA_DIR: folder.path })
  await using browser = await launchBrowser()
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(120_000)
  await page.goto(`${runner.url}/?token=${runner.token}`)
  const scene = `${runner.url}/examples/data/scene.tif`
  await page.goto(
    `${runner.url}/run/notebook/ndvi_calculation?cog_url=${scene}&bbox=-4.5,53.1,-4.4,53.2&_mode=execute`,
  )
  await page.screenshot({ path: join(SHOTS, '8-confirm.png'), fullPage: true })
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  await page.locator('main img').first().waitFor()
  await expect
    .poll(() => page.locator('#job-state').textContent(), { timeout: 120_000 })
    .toMatch(/succeeded/i)
  await page.screenshot({ path: join(SHOTS, '9-job.png'), fullPage: true })
  await page.goto(`${runner.url}/jobs`)
  await page.screenshot({ path: join(SHOTS, '10-jobs.png'), fullPage: true })
  await page
    .getByRole('link', { name: /NDVI|ndvi/ })
    .first()
    .click()
  await page.getByRole('link', { name: 'Open in JupyterLab' }).click()
  await page.waitForURL(/\/lab\/tree\/local\/notebooks\/ndvi_calculation-/)
  await page.locator('.jp-OutputArea-output img').first().waitFor()
})
