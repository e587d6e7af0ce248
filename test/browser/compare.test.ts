import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { expect, it } from 'vitest'
import { Comparison } from '../../src/http/comparison-schema.ts'
import { launchBrowser } from '../support/browser.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { png } from '../support/pictures.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { openPage, shots } from '../support/web-page.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

/** Prints the year, shows a table and a picture. */
function notebook(shade: number, title: string): string {
  const picture = Buffer.from(png(320, 200, (x, y) => shade + (x + y) / 6)).toString('hex')
  const show = `from IPython.display import HTML, Image, display
print("${title}", year)
display(HTML(f"<table><tr><td>{year}</td></tr></table>"))`
  return notebookOf([
    { parameters: 'year: int = 2024\nzoom: int = 1' },
    { markdown: '# Where *it* is' },
    { markdown: `About **${title}**` },
    show,
    `display(Image(bytes.fromhex("${picture}")))`,
  ])
}

it('two runs are selected in the history and stand side by side', { timeout: 300_000 }, async () => {
  await using catalogue = await tempFolder()
  await writeFile(join(catalogue.path, 'coast.ipynb'), notebook(20, 'Coast'))
  await writeFile(join(catalogue.path, 'river.ipynb'), notebook(140, 'River'))
  await using folder = await temporaryDataDir()
  await using runner = await startRunner({ DATA_DIR: folder.path, CONFIG_URL: catalogue.path })
  await using browser = await launchBrowser()
  await using opened = await openPage(browser, runner, '/jobs')
  const { page, faults } = opened
  page.setDefaultTimeout(120_000)
  for (const link of ['coast?year=2020', 'river?year=2021']) {
    await page.goto(`${runner.url}/run/notebook/${link}&_mode=execute`)
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
    await page.getByRole('status').filter({ hasText: 'Succeeded' }).waitFor()
  }

  await page.goto(`${runner.url}/jobs`)
  const selected = page.getByRole('region', { name: 'Selected runs' })
  const compare = selected.getByRole('link', { name: 'Compare' })
  await page.getByLabel('Select river of').check()
  await selected.waitFor()
  expect(await compare.count()).toBe(0)
  await page.getByLabel('Select coast of').check()
  await compare.click()
  await page.waitForURL(/\/compare\?left=[0-9a-f-]{36}&right=[0-9a-f-]{36}$/)

  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row('year').waitFor()
  expect(await row('year').textContent()).toContain('differs')
  const [left, right] = (await row('year').textContent())?.match(/20\d\d/g) ?? []
  expect([left, right].sort()).toEqual(['2020', '2021'])
  const marked = page.locator('mark')
  await marked.filter({ hasText: 'print("Coast", year)' }).waitFor()
  await marked.filter({ hasText: 'print("River", year)' }).waitFor()
  expect(await marked.filter({ hasText: 'display(HTML' }).count()).toBe(0)
  for (const [title, year] of [
    ['Coast', 2020],
    ['River', 2021],
  ])
    await page.getByText(`${title} ${year}`, { exact: true }).waitFor()
  // Strangers' HTML is in frames, one a side.
  await expect.poll(() => page.locator('iframe').count()).toBeGreaterThanOrEqual(2)

  // Markdown is rendered where strangers' HTML is, and its source is there only where it differs.
  const text = (side: string) => page.getByRole('region', { name: `Text of cell 3, ${side}` })
  for (const side of ['left', 'right']) {
    const frame = text(side).frameLocator('iframe')
    await frame.getByRole('heading', { name: 'Where it is' }).waitFor()
    expect(await text(side).locator('iframe').getAttribute('sandbox')).toBe('allow-scripts')
  }
  expect(await page.getByText('# Where *it* is').count()).toBe(0)
  await marked.filter({ hasText: 'About **River**' }).waitFor()
  expect(await page.getByText('The outputs differ.').count()).toBe(2)
  const json = await page.request.get(page.url().replace('?', '?f=json&'))
  const told = Value.Parse(Comparison, await json.json())
  const types = told.cells
    .flatMap(({ outputs = [] }) => outputs.flat())
    .map(({ type, is }) => `${type} ${is}`)
  expect(types).toEqual(expect.arrayContaining(['stdout different', 'image/png different']))

  await page.locator('.compare-pair').last().scrollIntoViewIfNeeded()
  const slider = page.getByRole('slider')
  await slider.scrollIntoViewIfNeeded()
  await slider.focus()
  const seen = () => page.locator('.compare-pictures img').last().getAttribute('style')
  const before = await seen()
  await slider.press('End')
  await expect.poll(seen).not.toBe(before)
  expect(await shots(page, 'compare')).toEqual([])
  expect(faults).toEqual([])

  await page.goto(`${runner.url}/compare?left=${NOBODY}&right=${NOBODY}`)
  await page.getByText('There is no such run in your workspaces.').waitFor()
  await page.goto(`${runner.url}/compare?left=${NOBODY}`)
  await page.getByText('There is no such run in your workspaces.').waitFor()
  await page.goto(`${runner.url}/compare`)
  await page.getByText('left is not given: name two runs, as left and right.').waitFor()
})
