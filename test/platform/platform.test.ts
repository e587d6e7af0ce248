import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type Platform, startPlatform } from './platform.ts'
import { signIn } from './sign-in.ts'

/** Kept as the output of a CI run, to be looked at. */
const SHOTS = join(import.meta.dirname, '../../test-output/platform')
const PATIENCE = { timeout: 120_000, interval: 250 }

let platform: Platform
let browser: Browser
/** The run of alice that all is about. */
let run: string

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true })
  platform = await startPlatform((line) => console.log(line), new AbortController().signal)
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await platform?.[Symbol.asyncDispose]()
})

const signedIn = (name: string, url: string) => signIn(browser, platform, name, url)
const shot = (page: Page, name: string) => page.screenshot({ path: join(SHOTS, `${name}.png`) })

async function keysIn(bucket: string): Promise<readonly string[]> {
  const { Contents = [] } = await platform.s3.admin.send(new ListObjectsV2Command({ Bucket: bucket }))
  return Contents.map(({ Key = '' }) => Key)
}

it('alice signs in, opens a run link, executes it in her own server, and has the result in her bucket and her JupyterLab', async () => {
  const { runnerUrl, hub, s3 } = platform
  const link = `${runnerUrl}/run/notebook/ndvi_calculation?cog_url=${runnerUrl}/examples/data/scene.tif&bbox=-4.5,53.1,-4.4,53.2&_mode=execute`
  const page = await signedIn('alice', link)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  // The hub makes nobody's server before they have been there; Keycloak knows her already.
  await page.getByRole('link', { name: `${hub.url}/hub/home` }).click()
  await page.waitForURL(`${hub.url}/hub/home`)
  await page.goBack({ waitUntil: 'commit' })
  await page.waitForURL(link)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  run = page.url().slice(-36)
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toMatch(/succeeded/i)
  await page.locator('main img').first().waitFor()
  await shot(page, '1-alice-run')

  const notebook = `workspaces/alice-ws/notebooks/alice/ndvi_calculation-${run}.ipynb`
  expect(await keysIn('workspace-alice-ws')).toContain(notebook)
  const { Body } = await s3.admin.send(new GetObjectCommand({ Bucket: 'workspace-alice-ws', Key: notebook }))
  const text = (await Body?.transformToString()) ?? ''
  expect(text).toContain('image/png')
  expect(text).toContain('user = \\"alice\\"')

  await page.getByRole('link', { name: 'Open in JupyterLab' }).click()
  await page.waitForURL(`${hub.url}/user/alice/lab/tree/s3/${notebook}`)
  await page.locator('.jp-OutputArea-output img').first().waitFor()
  await shot(page, '2-alice-lab')
  await page.context().close()
})

it('bob signs in, and finds nothing of alice’s', async () => {
  const { runnerUrl, hub } = platform
  const page = await signedIn('bob', `${runnerUrl}/jobs`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await shot(page, '3-bob-history')
  expect(await page.content()).not.toContain(run)
  const asBob = async (path: string) => page.request.get(`${runnerUrl}${path}`, { maxRedirects: 0 })
  expect(await (await asBob('/jobs?f=json')).text()).not.toContain(run)
  for (const path of [
    `/jobs/${run}?f=json`,
    `/jobs/${run}/notebook`,
    `/jobs/${run}/results`,
    `/jobs/${run}/events`,
    `/view-notebook/ndvi_calculation/${run}?workspace=alice-ws`,
  ])
    expect([path, (await asBob(path)).status()]).toEqual([path, 404])

  // His own JupyterLab has his own bucket; hers is not for him.
  await page.goto(`${hub.url}/hub/spawn`)
  await page.waitForURL(`${hub.url}/user/bob/lab**`)
  const contents = async (path: string) => {
    const answer = await page.request.get(`${hub.url}${path}`)
    return { status: answer.status(), text: await answer.text() }
  }
  const own = await contents('/user/bob/api/contents/s3?content=1')
  expect(own).toMatchObject({ status: 200, text: expect.not.stringContaining('alice') })
  const hers = `workspaces/alice-ws/notebooks/alice/ndvi_calculation-${run}.ipynb`
  expect((await contents(`/user/bob/api/contents/s3/${hers}`)).status).toBe(404)
  for (const path of [`/user/alice/api/contents/s3/${hers}`, '/user/alice/lab']) {
    const { status, text } = await contents(path)
    expect([path, status]).toEqual([path, expect.toSatisfy((one: number) => one === 403 || one === 404)])
    expect(text).not.toContain('image/png')
  }
  expect((await keysIn('workspace-bob-ws')).filter((key) => !key.endsWith('.s3keep'))).toEqual([])
  await page.context().close()
})
