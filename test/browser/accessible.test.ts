import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { openPage, shots } from '../support/web-page.ts'

let service: RunService
let browser: Browser

beforeAll(async () => {
  ;[service, browser] = await Promise.all([startRunService(), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await service?.[Symbol.asyncDispose]()
})

it.each([
  ['who is new here', '/processes', 'first-visit', 'New here?'],
  ['an address where there is nothing', '/nothing/here?f=html', 'not-found', ''],
  ['a comparison of nothing', '/compare', 'compare-nothing', 'left is not given'],
  ['a run that there is not', '/jobs/00000000-0000-4000-8000-000000000000', 'no-such-run', ''],
  ['a sweep that there is not', '/batches/00000000-0000-4000-8000-000000000000', 'no-such-sweep', ''],
  ['a page of a history of nothing', '/jobs?person=nobody', 'history-nothing', ''],
])('the page for %s is for everybody, light, dark and on a phone', async (_, path, name, words) => {
  await using opened = await openPage(browser, service.runner, path)
  const { page } = opened
  await page.getByRole('heading', { level: 1 }).waitFor()
  if (words !== '') await page.getByText(words).first().waitFor()
  expect(await shots(page, name)).toEqual([])
})

it.each([
  ['who has no link', '/jobs', 'not-signed-in'],
  ['a link that is too old', '/?token=old', 'old-link'],
])('so is the page for %s', async (_, path, name) => {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(`${service.runner.url}${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(await shots(page, name)).toEqual([])
  } finally {
    await context.close()
  }
})
