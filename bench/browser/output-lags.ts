import type { Page } from 'playwright-core'
import { TICKS } from './notebooks.ts'

/**
 * For each line that the run prints, the milliseconds from the kernel's time of it until the page has painted it. Both read
 * the clock of one machine.
 * @param url of the page of the run
 */
export async function outputLags(page: Page, url: string): Promise<readonly number[]> {
  await page.goto(url)
  await page.locator('.run-cells').waitFor()
  return page.evaluate(`new Promise((resolve) => {
    const cells = document.querySelector('.run-cells')
    const seen = new Set()
    const lags = []
    const look = () => {
      const found = [...cells.textContent.matchAll(/sent (\\d+\\.\\d{4})/g)].map(([, at]) => at)
      for (const at of found.filter((at) => !seen.has(at))) {
        seen.add(at)
        requestAnimationFrame(() => setTimeout(() => {
          lags.push(Date.now() - Number(at) * 1000)
          if (lags.length === ${TICKS}) resolve(lags)
        }))
      }
    }
    new MutationObserver(look).observe(cells, { childList: true, subtree: true, characterData: true })
    look()
    setTimeout(() => resolve(lags), 60_000)
  })`)
}
