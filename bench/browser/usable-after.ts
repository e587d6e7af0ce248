import type { Page } from 'playwright-core'

/**
 * Milliseconds from the start of the navigation until the page has what it is for, has painted it, and has time for a person.
 * @param isUsable an expression that is true once what it is for is there
 */
export async function usableAfter(page: Page, url: string, isUsable: string): Promise<number> {
  await page.goto(url, { waitUntil: 'commit' })
  return page.evaluate(`new Promise((resolve) => {
    const look = () => requestAnimationFrame(${'() =>'} (${isUsable}) ? setTimeout(() => resolve(performance.now())) : look())
    look()
  })`)
}
