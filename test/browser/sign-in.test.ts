import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type SignInRunner, startSignInRunner } from '../support/sign-in-runner.ts'
import { shots } from '../support/web-page.ts'

let service: SignInRunner
let url: string

beforeAll(async () => {
  // Runs are accepted, and stay in the queue: there is no Jupyter server at that address, and nobody asks it.
  service = await startSignInRunner({
    KERNELS: 'server',
    JUPYTER_SERVER_URL: 'http://127.0.0.1:9',
    JUPYTER_SERVER_TOKEN: 'none',
    MAX_CONCURRENT_RUNS: '0',
  })
  url = service.runner.url
})
afterAll(() => service?.[Symbol.asyncDispose]())

/** At the provider's own pages. */
async function signIn(page: Page, name: string): Promise<void> {
  if (page.url().startsWith(url)) return
  if ((await page.locator('input[name=login]').count()) > 0) {
    await page.locator('input[name=login]').fill(name)
    await page.locator('input[name=password]').fill('x')
  }
  await page.locator('button[type=submit]').click()
  await signIn(page, name)
}

it('comes back to the very link, in each of several tabs, and out again', async () => {
  await using browser = await launchBrowser()
  const context = await browser.newContext()
  const links = ['a%20b', '%C3%A9'].map((value) => `${url}/processes/cog_preview?cog_url=${value}`)
  const tabs = await Promise.all(
    links.map(async (link) => {
      const page = await context.newPage()
      await page.goto(link)
      return { link, page }
    }),
  )
  for (const { link, page } of tabs) {
    await signIn(page, 'alice')
    expect(page.url()).toBe(link)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('A first look')
  }
  const cookies = await context.cookies(url)
  const session = cookies.find(({ name }) => name === `notebook-runner-browser-${new URL(url).port}`)
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
  expect(cookies.filter(({ name }) => name.includes('sign-in'))).toEqual([])

  const [first] = tabs
  if (first === undefined) throw new Error('There is no tab')
  await first.page.goto(`${url}/auth/logout`)
  expect(await shots(first.page, 'sign-out')).toEqual([])
  await first.page.getByRole('button', { name: 'Sign out' }).click()
  // The provider asks, too.
  await first.page.waitForURL(`${service.provider.url}/**`)
  await first.page.getByRole('button', { name: 'Yes' }).click()
  await first.page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  expect(await shots(first.page, 'signed-out')).toEqual([])
  expect(first.page.url()).toMatch(new RegExp(`^${url}/auth/logout`))
  await first.page.goto(`${url}/jobs`)
  expect(first.page.url()).toContain(service.provider.url)
})

it('a session that ends while a form is filled in loses nothing', async () => {
  await using browser = await launchBrowser()
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${url}/processes/cog_preview`)
  await signIn(page, 'bob')
  const field = page.getByLabel('Image')
  await field.fill('https://example.org/kept.tif')
  await context.clearCookies({ name: `notebook-runner-browser-${new URL(url).port}` })
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  const link = page.getByRole('link', { name: /^sign in$/i }).first()
  await link.waitFor()
  expect(await field.inputValue()).toBe('https://example.org/kept.tif')

  const opened = context.waitForEvent('page')
  await link.click()
  const other = await opened
  await other.waitForLoadState()
  await signIn(other, 'bob')
  expect(other.url()).toBe(`${url}/auth/signed-in`)
  await other.close()

  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(`${url}/jobs/*`)
  await page.getByText('https://example.org/kept.tif').first().waitFor()
})
