import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { notebookFolder } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { openPage } from '../support/web-page.ts'

it('a run that failed is opened where it failed, and goes on from there', { timeout: 300_000 }, async () => {
  await using folder = await temporaryDataDir()
  const mended = join(folder.path, 'mended')
  await using catalogue = await notebookFolder({
    halting: [
      'import os\nx = 41',
      `x += 1\nif not os.path.exists(${JSON.stringify(mended)}): raise ValueError("not yet")`,
      'print("x is", x)',
    ],
  })
  await using runner = await startRunner({ DATA_DIR: folder.path, CONFIG_URL: catalogue.path })
  await using browser = await launchBrowser()
  await using opened = await openPage(browser, runner, '/processes/halting')
  const { page, faults } = opened
  page.setDefaultTimeout(120_000)
  // Of a notebook, a person may want to know which kernels there are.
  const kernel = page.getByLabel('Kernel')
  await kernel.waitFor()
  expect(await kernel.locator('option').allTextContents()).toContain('Python 3 (ipykernel) (python)')
  await page.getByText('Is ended after 24 h').waitFor()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  await page.getByText('Its kernel is kept until').waitFor()
  const failed = page.url()
  expect(faults).toEqual([])

  await page.getByRole('link', { name: 'Open where it failed' }).click()
  await page.waitForURL(/\/lab\/tree\/local\/notebooks\/halting-/)
  await page.getByText('ValueError: not yet').first().waitFor()

  await writeFile(mended, '')
  await page.goto(failed)
  await page.getByRole('button', { name: 'Run again from the failed cell' }).click()
  await page.getByRole('link', { name: 'The run that it goes on with, from cell 2' }).waitFor()
  await page.getByRole('status').filter({ hasText: 'Succeeded' }).waitFor()
  // 43: the cell that failed had added one already, and the kernel is the same.
  await page.locator('.cell-outputs-stdout').getByText('x is 43').waitFor()
})
