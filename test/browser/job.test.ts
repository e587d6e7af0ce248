import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { notebookFolder } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { endOf, startedRun } from '../support/started-run.ts'
import { openPage, shots } from '../support/web-page.ts'

const PATIENCE = { timeout: 60_000 }

const catalogue = await notebookFolder({
  everything: [
    {
      markdown:
        '# A report\n\nThe mean is $\\bar{x} = \\frac{1}{n}\\sum_i x_i$, and **more** of it.\n\n| a | b |\n|---|---|\n| 1 | 2 |',
    },
    'import time\nprint("hello")\nprint("\\x1b[31mred\\x1b[0m and \\x1b[1mbold\\x1b[0m")',
    'import sys\nprint("a warning", file=sys.stderr)',
    `import numpy as np, matplotlib.pyplot as plt
plt.plot(np.sin(np.linspace(0, 6, 100)))
plt.title("A sine")
plt.show()`,
    `from IPython.display import HTML, JSON, Latex, SVG, display
display(HTML("""<style>.t td { color: rebeccapurple }</style><table class="t"><thead><tr><th></th><th>ndvi</th></tr></thead>
<tbody><tr><td>north</td><td>0.71</td></tr><tr><td>south</td><td>0.42</td></tr></tbody></table>"""))
display(Latex(r"$$E = mc^2$$"))
display(JSON({"stations": [{"name": "a", "value": float("nan")}, {"name": "b", "value": 2}]}))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><circle cx="20" cy="20" r="18" fill="teal"/></svg>'))`,
    '42',
    'from IPython.display import GeoJSON\nGeoJSON({"type": "Polygon", "coordinates": [[[-4, 53], [-3, 53], [-3, 54], [-4, 53]]]})',
    'open("table.csv", "w").write("a,b\\n1,2\\n")',
  ],
  fails: ['x = 1', 'def half(n):\n    return 1 / (n - 1)\n\nhalf(x)', 'print("never")'],
  slow: [
    'print("first")',
    'import time\nfor i in range(400):\n    print(i, flush=True)\n    time.sleep(0.1)',
    'print("last")',
  ],
})
const folder = await temporaryDataDir()
let runner: TestRunner
let browser: Browser

beforeAll(async () => {
  const env = { DATA_DIR: folder.path, CONFIG_URL: catalogue.path }
  ;[runner, browser] = await Promise.all([startRunner(env), launchBrowser()])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
  await catalogue[Symbol.asyncDispose]()
})

it('shows a run as it goes, with all kinds of outputs', { timeout: 180_000 }, async () => {
  const id = await startedRun(runner, 'everything')
  await using opened = await openPage(browser, runner, `/jobs/${id}`)
  const { page, faults } = opened
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toBe('Succeeded')
  const cell = (index: number) => page.locator(`[data-cell="${index}"]`)
  const framed = (index: number) => cell(index).frameLocator('iframe')
  await framed(0).getByRole('heading', { name: 'A report' }).waitFor()
  expect(await framed(0).locator('math').count()).toBe(1)
  await cell(1).locator('.cell-outputs-stdout').getByText('hello').waitFor()
  expect(await cell(1).locator('.ansi-red').textContent()).toBe('red')
  await cell(2).locator('.cell-outputs-stderr').getByText('a warning').waitFor()
  await cell(3).locator('img').waitFor()
  await framed(4).getByRole('cell', { name: '0.71' }).waitFor()
  expect(
    await framed(4).locator('body').evaluate("getComputedStyle(document.querySelector('.t td')).color"),
  ).toBe('rgb(102, 51, 153)')
  await framed(4).getByText('stations').waitFor()
  expect(await shots(page, 'run')).toEqual([])
  await cell(4).locator('img').scrollIntoViewIfNeeded()
  const area = cell(6).locator('.area-map[data-ready=true]')
  await area.scrollIntoViewIfNeeded()
  expect(await shots(page, 'run-map')).toEqual([])
  await cell(7).getByText('8', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'table.csv' }).waitFor()
  expect(faults).toEqual([])
})

it('leads to the error, and says what it is', { timeout: 120_000 }, async () => {
  const id = await startedRun(runner, 'fails')
  await endOf(runner, id)
  await using opened = await openPage(browser, runner, `/jobs/${id}`)
  const { page, faults } = opened
  await page.getByRole('button', { name: 'Go to the cell that failed' }).click()
  await page.locator('[data-cell="1"][data-status="failed"]').waitFor()
  await page.locator('.cell-outputs-headline').getByText('ZeroDivisionError: division by zero').waitFor()
  expect(await shots(page, 'run-failed')).toEqual([])
  expect(faults).toEqual([])
})

it('follows, and is cancelled', { timeout: 120_000 }, async () => {
  const id = await startedRun(runner, 'slow')
  await using opened = await openPage(browser, runner, `/jobs/${id}`)
  const { page, faults } = opened
  await page.locator('[data-cell="1"]').getByText('\n5').first().waitFor()
  expect(await shots(page, 'run-live')).toEqual([])
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toBe('Cancelled')
  expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Run again' }).click()
  await expect.poll(() => page.url(), PATIENCE).not.toContain(id)
  await page.getByRole('link', { name: 'The run that it repeats' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toBe('Cancelled')
  expect(faults).toEqual([])
})
