import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { notebookFolder } from '../support/notebook-folder.ts'
import { startRunService } from '../support/run-service.ts'
import { startedRun } from '../support/started-run.ts'
import { openPage } from '../support/web-page.ts'

const CELLS = 2_000
const FAILED = 1_500
const LINE = `${'x'.repeat(99)}\n`
const MB = 1_000_000

/** An executed notebook of more than 100 MB: one cell that printed a lot, many that printed some, and one that failed. */
function largeNotebook(): Buffer {
  const outputs = (index: number) => {
    if (index === FAILED)
      return [{ output_type: 'error', ename: 'ValueError', evalue: 'it is too large', traceback: [] }]
    const text = `cell ${index} begins\n${LINE.repeat(index === 0 ? 50_000 : 490)}cell ${index} ends\n`
    return [{ output_type: 'stream', name: 'stdout', text }]
  }
  const cells: object[] = Array.from({ length: CELLS }, (_, index) => ({
    cell_type: 'code',
    id: `c${index}`,
    execution_count: index + 1,
    metadata: {
      papermill: { status: index === FAILED ? 'failed' : 'completed', exception: index === FAILED },
    },
    source: `step(${index})`,
    outputs: outputs(index),
  }))
  // By this papermill's readers find where it failed.
  const mark = {
    cell_type: 'markdown',
    id: 'mark',
    metadata: { tags: ['papermill-error-cell-tag'] },
    source: 'here',
  }
  cells.splice(FAILED, 0, mark)
  return Buffer.from(JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }))
}

it('a notebook of 100 MB is opened, scrolled and searched for its error, and is never loaded whole', {
  timeout: 180_000,
}, async () => {
  await using catalogue = await notebookFolder({ large: ['step(0)'] })
  await using service = await startRunService({ CONFIG_URL: catalogue.path })
  const id = await startedRun(service.runner, 'large')
  const { run, lease } = await service.claim()
  await lease.finish({ state: 'failed', reason: 'cell-error', message: 'it is too large' })
  const notebook = largeNotebook()
  expect(notebook.byteLength).toBeGreaterThan(100 * MB)
  await service.storage.put({ workspace: run.workspace, user: run.ownerName }, run.object, [notebook])

  await using browser = await launchBrowser()
  await using opened = await openPage(browser, service.runner, '/processes')
  const { page, faults } = opened
  const sizes: number[] = []
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith(`/jobs/${id}`))
      void response.body().then(
        (body) => sizes.push(body.byteLength),
        () => undefined,
      )
  })
  await page.goto(`${service.runner.url}/jobs/${id}`)
  // Of what one cell printed a page shows the end.
  const first = page.locator('[data-cell="0"]')
  await first.getByText('Earlier text is not shown').waitFor()
  await expect.poll(() => first.locator('pre.cell-outputs-stdout').textContent()).toMatch(/cell 0 ends\n$/)

  // What is above the error grows while it is loaded, and may push it out of sight again: then it is asked for again.
  const error = page.getByText('ValueError: it is too large')
  const atError = async () => {
    await page.getByRole('button', { name: 'To the error' }).click()
    return error.count()
  }
  await expect.poll(atError, { interval: 1_000 }).toBe(1)

  // The list grows as cells that come are higher than was thought: whoever wants its end goes on to it.
  const last = page.locator(`[data-cell="${CELLS - 1}"]`).getByText(`cell ${CELLS - 1} ends`)
  const atEnd = async () => {
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)')
    return last.count()
  }
  await expect.poll(atEnd, { interval: 250 }).toBe(1)
  await page.evaluate('window.scrollTo(0, 0)')
  await first.getByText('Earlier text is not shown').waitFor()

  expect(await page.locator('[data-cell]').count()).toBeLessThan(60)
  expect(Math.max(...sizes)).toBeLessThan(2 * MB)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(20 * MB)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  expect(usedSize).toBeLessThan(100 * MB)
  expect(faults).toEqual([])
})
