import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { png } from '../support/pictures.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { openPage, shots } from '../support/web-page.ts'

const PYTHON = join(import.meta.dirname, '../../.venv/bin/python')

/** Shows a picture and leaves a file; fails for 2021 until there is a file called `now`. */
function notebook(folder: string): string {
  const picture = Buffer.from(png(320, 200, (x, y) => (x + y) / 3)).toString('hex')
  const work = `import os
from IPython.display import Image, display
assert year != 2021 or os.path.exists(${JSON.stringify(join(folder, 'now'))}), "not yet"
open("mean.txt", "w").write(f"{year} {zoom}")
display(Image(bytes.fromhex("${picture}")))`
  return notebookOf([{ parameters: 'year: int = 2024\nzoom: int = 1' }, work])
}

it('a sweep is started by one click, watched, run again where it failed, and downloaded', {
  timeout: 300_000,
}, async () => {
  await using catalogue = await tempFolder()
  await writeFile(join(catalogue.path, 'season.ipynb'), notebook(catalogue.path))
  await using folder = await temporaryDataDir()
  await using runner = await startRunner({ DATA_DIR: folder.path, CONFIG_URL: catalogue.path })
  await using browser = await launchBrowser()
  const link = '/run/notebook/season?_mode=execute&_each=year&_each=zoom&year=2020..2021&zoom=1..2'
  await using opened = await openPage(browser, runner, link)
  const { page, faults } = opened
  page.setDefaultTimeout(120_000)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/batches\/[0-9a-f-]{36}$/)
  const cell = (name: RegExp) => page.getByRole('link', { name })
  await page.getByRole('columnheader', { name: 'zoom' }).waitFor()
  const status = page.getByRole('status')
  await status.filter({ hasText: '4 of 4 runs have ended: 2 succeeded, 2 failed.' }).waitFor()
  await cell(/^Failed year=2021, zoom=1 a cell raised an error/).waitFor()
  const pictures = () =>
    page
      .locator('.batch-cell img')
      .evaluateAll((images) => images.map((image) => 'naturalWidth' in image && image.naturalWidth))
  await expect.poll(pictures).toEqual([256, 256])
  expect(await shots(page, 'sweep')).toEqual([])

  await writeFile(join(catalogue.path, 'now'), '')
  await page.getByRole('button', { name: 'Run what failed again (2)' }).click()
  await status.filter({ hasText: '4 of 4 runs have ended: 4 succeeded.' }).waitFor()
  expect(await page.getByRole('button', { name: /Run what failed again/ }).count()).toBe(0)

  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download all' }).click()
  const zip = join(catalogue.path, 'sweep.zip')
  await (await download).saveAs(zip)
  await promisify(execFile)(PYTHON, ['-m', 'zipfile', '-e', zip, join(catalogue.path, 'sweep')])
  const found = join(catalogue.path, 'sweep')
  const folders = [
    '001 year=2020 zoom=1',
    '002 year=2020 zoom=2',
    '003 year=2021 zoom=1',
    '004 year=2021 zoom=2',
  ]
  expect((await readdir(found)).sort()).toEqual([...folders, 'runs.json'])
  expect(await readFile(join(found, folders[3] ?? '', 'files/mean.txt'), 'utf8')).toBe('2021 2')
  const executed = JSON.parse(await readFile(join(found, folders[2] ?? '', 'season.ipynb'), 'utf8'))
  expect(executed.metadata.papermill.parameters).toEqual({ year: 2021, zoom: 1 })
  const told = JSON.parse(await readFile(join(found, 'runs.json'), 'utf8'))
  expect(told.runs).toMatchObject([
    { values: { year: 2020, zoom: 1 }, state: 'succeeded', missing: [] },
    {},
    {},
    {},
  ])

  expect(faults).toEqual([])
  await cell(/^Succeeded year=2021, zoom=2/).click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
})
