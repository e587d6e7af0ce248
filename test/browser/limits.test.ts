import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { openPage, shots } from '../support/web-page.ts'

const INPUTS = 'cog_url=https://example.org/scene.tif&bbox=-4.5,53.1,-4.4,53.2'

let service: RunService
let browser: Browser

beforeAll(async () => {
  ;[service, browser] = await Promise.all([startRunService({ RUN_TIMEOUT: '7200' }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await service?.[Symbol.asyncDispose]()
})

it('limits are chosen in the form, told with their faults, run under, and there to be changed', {
  timeout: 180_000,
}, async () => {
  const { url } = service.runner
  await using opened = await openPage(browser, service.runner, `/processes/ndvi_calculation?${INPUTS}`)
  const { page, faults } = opened
  const plan = page.getByRole('region', { name: 'What will happen' })
  await plan.getByText('Is ended after 2 h').waitFor()
  await page.getByText('Limits', { exact: true }).click()
  const [run, cell] = [page.getByLabel('Time for the run'), page.getByLabel('Time for each cell')]
  await run.fill('7201')
  await page.getByText('from 1 to 7200; got 7201.').waitFor()
  await run.fill('600')
  await cell.fill('90')
  await plan.getByText('Is ended after 10 min, or when a cell takes longer than 1 min 30 s').waitFor()
  const query = `${INPUTS}&_run_timeout=600&_mode=execute&_cell_timeout=90`
  await expect.poll(() => page.url()).toBe(`${url}/processes/ndvi_calculation?${query}`)
  expect(await shots(page, 'limits')).toEqual([])
  const panel = page.getByRole('region', { name: 'The link' })
  for (const name of ['Link', 'curl', 'Python', 'Command line']) {
    await panel.getByRole('tab', { name, exact: true }).click()
    const text = await panel.getByRole('tabpanel', { name }).locator('pre').textContent()
    expect(text).toContain(
      name === 'Command line'
        ? '--run-timeout 600 \\\n  --execution-timeout 90'
        : `ndvi_calculation?${query}`,
    )
  }
  // What is only prepared has none.
  const lab = await page.getByRole('link', { name: 'Open in JupyterLab' }).getAttribute('href')
  expect(lab).toBe(`${url}/run/notebook/ndvi_calculation?${INPUTS}`)
  await page.goto(`${url}/run/notebook/ndvi_calculation?${query}`)
  await page.getByText('Limits (2 chosen)').waitFor()
  expect(await run.inputValue()).toBe('600')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL('**/jobs/*')
  const about = page.getByRole('complementary', { name: 'About this run' })
  await about.getByText('10 min').waitFor()
  await about.getByText('1 min 30 s').waitFor()
  await service.claim().then(({ lease }) => lease.finish({ state: 'succeeded' }))
  await page.getByRole('button', { name: 'Run again' }).click()
  await expect
    .poll(() => service.queue.claim({ id: 'test', kernelHost: 'test' }))
    .toMatchObject({
      run: { limits: { runSeconds: 600, cellSeconds: 90 } },
    })
  await page.getByRole('link', { name: 'Change the inputs' }).click()
  await page.getByText('Limits (2 chosen)').waitFor()
  expect([await run.inputValue(), await cell.inputValue()]).toEqual(['600', '90'])
  expect(faults).toEqual([])
})
