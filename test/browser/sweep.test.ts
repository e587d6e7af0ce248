import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Kept as the output of a CI run, to be looked at. */
const SHOTS = join(import.meta.dirname, '../../test-output/screenshots')

/** Fails for 2021 until there is a file called `now`. */
function notebook(folder: string): string {
  const cell = (source: string, tags: readonly string[]) => ({
    cell_type: 'code',
    execution_count: null,
    metadata: { tags },
    outputs: [],
    source,
  })
  const wanted = JSON.stringify(join(folder, 'now'))
  const source = `import os\nassert year != 2021 or os.path.exists(${wanted}), "not yet"`
  return JSON.stringify({
    cells: [cell('year: int = 2024', ['parameters']), cell(source, [])],
    metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' } },
    nbformat: 4,
    nbformat_minor: 4,
  })
}

it('a sweep is started by one click, watched, and what failed of it runs again', {
  timeout: 300_000,
}, async () => {
  await mkdir(SHOTS, { recursive: true })
  await using catalogue = await tempFolder()
  await writeFile(join(catalogue.path, 'season.ipynb'), notebook(catalogue.path))
  await using folder = await temporaryDataDir()
  await using runner = await startRunner({ DATA_DIR: folder.path, CONFIG_URL: catalogue.path })
  await using browser = await launchBrowser()
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(120_000)
  await page.goto(`${runner.url}/?token=${runner.token}`)

  await page.goto(`${runner.url}/run/notebook/season?_mode=execute&_each=year&year=2020..2021`)
  await page.screenshot({ path: join(SHOTS, '11-sweep-confirm.png'), fullPage: true })
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/batches\/[0-9a-f-]{36}$/)
  const status = page.getByRole('status')
  await status.filter({ hasText: '2 of 2 runs have ended: 1 succeeded, 1 failed.' }).waitFor()
  await page.screenshot({ path: join(SHOTS, '12-sweep.png'), fullPage: true })

  await writeFile(join(catalogue.path, 'now'), '')
  await page.getByRole('button', { name: 'Run what failed again' }).click()
  await status.filter({ hasText: '2 of 2 runs have ended: 2 succeeded.' }).waitFor()
  expect(await page.getByRole('button', { name: 'Run what failed again' }).count()).toBe(0)

  await page.getByRole('link', { name: 'Succeeded' }).last().click()
  await page.getByRole('link', { name: 'Its sweep' }).waitFor()
  const { pathname } = new URL(page.url())
  await page.getByRole('button', { name: 'Run again' }).click()
  await page.waitForURL((url) => url.pathname.startsWith('/jobs/') && url.pathname !== pathname)
  await expect
    .poll(() => page.locator('#job-state').textContent(), { timeout: 120_000 })
    .toMatch(/succeeded/i)
  await page.screenshot({ path: join(SHOTS, '13-again.png'), fullPage: true })
})
