import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Platform } from './platform.ts'

/** A browser of this person's, at an address that asks them to sign in. */
export async function signIn(browser: Browser, platform: Platform, name: string, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  await page.goto(url)
  expect(page.url()).toContain(platform.issuer)
  await enter(platform, page, name)
  await page.waitForURL(url)
  return page
}

/** Fills in the page of Keycloak. */
export async function enter({ people }: Platform, page: Page, name: string): Promise<void> {
  await page.locator('#username').fill(name)
  await page.locator('#password').fill(people.find((person) => person.name === name)?.password ?? '')
  await page.locator('#kc-login').click()
}
