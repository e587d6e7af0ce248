import { randomBytes } from 'node:crypto'
import { Value } from 'typebox/value'
import { expect, it } from 'vitest'
import { CellOutputs } from '../../src/http/cell-schema.ts'
import { launchBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { counterNotebook, serviceFolder, startService, stopShared } from '../support/service-process.ts'
import { openPage } from '../support/web-page.ts'

const NUMBERS = 150

it('a page of a run catches up after its server was killed, and is not loaded again', {
  timeout: 300_000,
}, async () => {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDataDir())
  const folder = await serviceFolder(path, randomBytes(12).toString('hex'), counterNotebook(2, NUMBERS))
  stack.defer(() => stopShared(folder))
  const env = { PORT: String(await freePort()) }
  let service = await startService(folder, env)
  stack.defer(() => service.kill())
  const browser = await launchBrowser()
  stack.defer(() => browser.close())
  const link = '/run/notebook/counter?_mode=execute&pause=0.1'
  const { page } = await openPage(browser, { url: service.url, token: folder.token }, link)
  page.setDefaultTimeout(120_000)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  await page.evaluate('window.isTheSamePage = true')
  const printed = page.locator('.cell-outputs-stdout')
  await printed.getByText('0: 5\n').waitFor()

  await service.kill()
  await page.getByText('The connection is lost').waitFor()
  service = await startService(folder, env)
  await page.getByText('The connection is lost').waitFor({ state: 'detached' })
  await page.getByRole('status').filter({ hasText: 'Succeeded' }).waitFor()
  expect(await page.evaluate('window.isTheSamePage')).toBe(true)

  // What was printed while nobody listened may be lost, and then the notebook says so; the page has what the notebook has.
  const id = page.url().split('/').at(-1)
  for (const cell of [1, 2, 3]) {
    const path = `/jobs/${id}/cells/${cell}/outputs`
    const { outputs } = Value.Parse(CellOutputs, await (await service.fetch(path)).json())
    const text = outputs.map((output) => (output['name'] === 'stdout' ? output['text'] : '')).join('')
    const place = page.locator(`[data-cell="${cell}"]`)
    await page.evaluate(`window.scrollTo(0, ${(cell - 1) * 1_000})`)
    if (text !== '')
      await expect.poll(() => place.locator('.cell-outputs-stdout').allTextContents()).toContain(text)
  }
})
