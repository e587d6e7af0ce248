import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startRunService } from '../support/run-service.ts'
import { openPage } from '../support/web-page.ts'

/** What has the focus: its name, and whether that it has it can be seen. (In a field for a date, it is a part of it that has it.) */
const FOCUS = `(() => {
  const element = document.activeElement
  const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent
  const { width, height } = element.getBoundingClientRect()
  return { name, isSeen: width > 0 && height > 0 && element.matches(':focus-visible, [type=date]') }
})()`

interface Focus {
  readonly name: string
  readonly isSeen: boolean
}

/** Presses Tab (or Shift+Tab) until what is named so has the focus, which must be seen wherever it goes. */
async function tabTo(page: Page, name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press(key)
    const focus: Focus = await page.evaluate(FOCUS)
    expect(focus).toMatchObject({ isSeen: true })
    if (name.test(focus.name)) return
  }
  throw new Error(`No Tab leads to ${name}`)
}

it('all of it goes without a mouse: a notebook is found, filled in, run, cancelled and found again', {
  timeout: 120_000,
}, async () => {
  await using service = await startRunService()
  await using browser = await launchBrowser()
  await using opened = await openPage(browser, service.runner, '/processes')
  const { page, faults } = opened
  await page.getByRole('link', { name: /NDVI/ }).waitFor()
  await page.keyboard.press('Tab')
  expect(await page.evaluate(FOCUS)).toMatchObject({ name: 'Skip to the page' })
  await page.keyboard.press('Enter')
  await tabTo(page, /^Search$/)
  await page.keyboard.type('ndvi')
  await expect.poll(() => page.getByRole('listitem').count()).toBe(1)
  await tabTo(page, /NDVI/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/processes\/ndvi_calculation/)
  await page.getByRole('button', { name: 'Fill in the example' }).waitFor()
  await tabTo(page, /^Fill in the example$/)
  await page.keyboard.press('Enter')
  await page.getByText('Stored as').waitFor()
  await tabTo(page, /^Run$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  // Whoever can't see it is told that the page is another one: the focus is at its beginning.
  await page.getByRole('button', { name: 'Cancel' }).waitFor()
  await tabTo(page, /^Cancel$/)
  await page.keyboard.press('Space')
  await page.getByRole('status').filter({ hasText: 'Cancelled' }).waitFor()

  await page.goto(`${service.runner.url}/jobs`)
  await page.getByRole('listitem').first().waitFor()
  await tabTo(page, /^Select ndvi_calculation/)
  await page.keyboard.press('Space')
  await tabTo(page, /^Run again$/)
  await page.keyboard.press('Enter')
  await expect.poll(() => page.getByRole('listitem').count()).toBe(2)

  await page.goto(`${service.runner.url}/jobs`)
  await page.getByRole('listitem').first().waitFor()
  for (let runs = 0; runs < 2; runs++) {
    await tabTo(page, /^Select ndvi_calculation/)
    await page.keyboard.press('Space')
  }
  await tabTo(page, /^Compare$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/compare\?left=[0-9a-f-]{36}&right=[0-9a-f-]{36}$/)
  await page.getByRole('row').filter({ hasText: 'cog_url' }).waitFor()

  await page.goto(`${service.runner.url}/processes/cog_preview?cog_url=https://a.example/x.tif`)
  await page.getByRole('button', { name: 'Several values of' }).first().waitFor()
  await tabTo(page, /^Several values of/)
  await page.keyboard.press('Enter')
  await tabTo(page, /^Add another/, 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page
    .getByLabel(/: one run for each, 2$/)
    .first()
    .waitFor()
  await tabTo(page, /^(?!Remove).*: one run for each, 2$/, 'Shift+Tab')
  await page.keyboard.type('https://a.example/y.tif')
  await page.getByText('2 times: one for each').waitFor()
  await tabTo(page, /^Run$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/batches\/[0-9a-f-]{36}$/)
  await page
    .getByRole('link', { name: /^Waiting/ })
    .first()
    .waitFor()
  await tabTo(page, /^Waiting/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  expect(faults).toEqual([])
})
