import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { notebookFolder } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { endOf, startedRun } from '../support/started-run.ts'
import { openPage } from '../support/web-page.ts'

const LINES = 60
const PRINTED = Array.from({ length: LINES }, (_, line) => `line ${line}\n`).join('')

let stack: AsyncDisposableStack
let runner: TestRunner
let browser: Browser

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const catalogue = stack.use(
    await notebookFolder({
      counting: [
        `import time\nfor line in range(${LINES}):\n    print("line", line, flush=True)\n    time.sleep(0.1)`,
        'print("after it")',
      ],
    }),
  )
  const folder = stack.use(await temporaryDataDir())
  runner = stack.use(await startRunner({ DATA_DIR: folder.path, CONFIG_URL: catalogue.path }))
  browser = await launchBrowser()
  stack.defer(() => browser.close())
}, 240_000)
afterAll(() => stack?.disposeAsync())

/** All of it is there, once, in the page that was there before. */
async function expectWhole(page: Page): Promise<void> {
  await page.getByRole('status').filter({ hasText: 'Succeeded' }).waitFor()
  await expect.poll(() => page.locator('[data-cell="0"] .cell-outputs-stdout').textContent()).toBe(PRINTED)
  await expect
    .poll(() => page.locator('[data-cell="1"] .cell-outputs-stdout').textContent())
    .toBe('after it\n')
  expect(await page.evaluate('window.isTheSamePage')).toBe(true)
}

/** The page of a run of which some lines are there, with the number of the last event at each connection. */
async function openCounting() {
  const id = await startedRun(runner, 'counting')
  const opened = await openPage(browser, runner, '/processes')
  const { page } = opened
  const resumedAfter: number[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/events')) resumedAfter.push(Number(request.headers()['last-event-id']))
  })
  await page.goto(`${runner.url}/jobs/${id}`)
  await page.evaluate('window.isTheSamePage = true')
  await page.locator('[data-cell="0"]').getByText('line 5\n').waitFor()
  return { ...opened, id, resumedAfter }
}

it('a page that lost the network says so, and catches up when it is back', { timeout: 120_000 }, async () => {
  await using opened = await openCounting()
  const { page, id, resumedAfter } = opened
  await page.context().setOffline(true)
  await page.getByText('The connection is lost').waitFor()
  await endOf(runner, id)
  expect(await page.getByText('The connection is lost').count()).toBe(1)
  await page.context().setOffline(false)
  await expectWhole(page)
  await page.getByText('The connection is lost').waitFor({ state: 'detached' })
  expect(resumedAfter.at(-1)).toBeGreaterThan(resumedAfter[0] ?? 0)
})

it('a page that was frozen, as of a laptop that slept, catches up when it wakes', {
  timeout: 120_000,
}, async () => {
  await using opened = await openCounting()
  const { page, id } = opened
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  await page.context().setOffline(true)
  await endOf(runner, id)
  await page.context().setOffline(false)
  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  await expectWhole(page)
})
