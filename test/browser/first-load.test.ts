import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startRunService } from '../support/run-service.ts'
import { openPage } from '../support/web-page.ts'

const FIRST_SCRIPT_BYTES = 300_000

interface Loaded {
  readonly name: string
  /** As it came, gzipped. */
  readonly bytes: number
}

/** The scripts that the page has loaded so far. */
const scripts = (page: Page): Promise<readonly Loaded[]> =>
  page.evaluate(`performance.getEntriesByType('resource')
    .filter(({ name }) => /\\.m?js($|\\?)/.test(name))
    .map(({ name, encodedBodySize }) => ({ name: name.split('/').at(-1), bytes: encodedBodySize }))`)

it('pages load little script at first, and the map and the renderer of outputs only where they are needed', async () => {
  await using service = await startRunService()
  await using browser = await launchBrowser()
  for (const [path, there] of [
    ['/processes', 'NDVI'],
    ['/processes/ndvi_calculation', 'Fill in the example'],
    ['/jobs', 'Nothing has run yet'],
  ] as const) {
    await using opened = await openPage(browser, service.runner, path)
    const { page } = opened
    await page.getByText(there).first().waitFor()
    await page.waitForLoadState('networkidle')
    const loaded = await scripts(page)
    expect(loaded.length).toBeGreaterThan(1)
    const bytes = loaded.reduce((sum, one) => sum + one.bytes, 0)
    expect(bytes).toBeGreaterThan(50_000)
    expect(bytes).toBeLessThan(FIRST_SCRIPT_BYTES)
    expect(loaded.filter(({ name }) => /map|frame|markdown|widget/.test(name))).toEqual([])
    if (path !== '/processes/ndvi_calculation') continue
    await page.getByRole('button', { name: 'On a map' }).click()
    await page.locator('[data-ready=true]').waitFor()
    expect((await scripts(page)).filter(({ name }) => name.startsWith('area-map'))).not.toEqual([])
  }
})
