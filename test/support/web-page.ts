import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import type { TestRunner } from './runner.ts'

/** Kept as the output of a CI run, to be looked at. */
export const SHOTS = join(import.meta.dirname, '../../test-output/screenshots')

const DESK = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }

export interface WebPage extends AsyncDisposable {
  readonly page: Page
  /** What went wrong in it so far: errors of scripts, what the policy held back, requests to another origin. */
  readonly faults: readonly string[]
}

/** A page of the local user, who is signed in. */
export async function openPage(
  browser: Browser,
  runner: Pick<TestRunner, 'url' | 'token'>,
  path: string,
): Promise<WebPage> {
  const context = await browser.newContext({ viewport: DESK, colorScheme: 'light' })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    // The browser says of each refusal of the server that it is one; the page says it in its own way.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text)
  })
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== new URL(runner.url).origin)
      faults.push(`asked for ${request.url()}`)
  })
  await page.goto(`${runner.url}/?token=${runner.token}`)
  await page.goto(`${runner.url}${path}`)
  return { page, faults, [Symbol.asyncDispose]: () => context.close() }
}

/**
 * What axe finds wrong with the page as it is now, by the rules of WCAG 2.2 AA and its own best practices.
 * @param part selector of the part of it that is ours
 */
export async function axeFindings(page: Page, part = 'html'): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations }: axe.AxeResults = await page.evaluate(
    `axe.run(${JSON.stringify(part)}, { resultTypes: ['violations'] })`,
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/**
 * Pictures of the page as it is now, light, dark and on a phone, for people to look at, and what axe finds in each. The
 * page is left light and wide.
 */
export async function shots(page: Page, name: string): Promise<readonly string[]> {
  await mkdir(SHOTS, { recursive: true })
  const findings: string[] = []
  for (const [look, colorScheme, viewport] of [
    ['dark', 'dark', DESK],
    ['phone', 'light', PHONE],
    ['light', 'light', DESK],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize(viewport)
    await page.screenshot({ path: join(SHOTS, `${name}-${look}.png`), fullPage: true })
    findings.push(...(await axeFindings(page)).map((finding) => `${look}: ${finding}`))
    const width: number = await page.evaluate('document.documentElement.scrollWidth')
    if (width > viewport.width)
      findings.push(`${look}: it is ${width} wide, and the window ${viewport.width}`)
  }
  return findings
}
