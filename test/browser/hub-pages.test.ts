import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { freePorts } from '../support/free-ports.ts'
import { HUB_VERSIONS, startHub, type TestHub } from '../support/hub.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { axeFindings, SHOTS } from '../support/web-page.ts'

const TEMPLATES = join(import.meta.dirname, '../../deploy/jupyterhub/templates')
const ATTACK = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>{{ 7*7 }}`

const CATALOGUE = [
  {
    id: 'ndvi',
    title: 'Where is it green?',
    description: 'Draws a map of the vegetation.',
    file: 'notebook.ipynb',
    inputSpec: {
      cog_url: { type: 'singleUrl', label: 'Image', description: 'A GeoTIFF', required: true },
      bbox: { type: 'bbox', label: 'Area', required: false },
    },
  },
  {
    id: 'hostile',
    title: ATTACK,
    description: ATTACK,
    file: 'notebook.ipynb',
    inputSpec: { x: { type: 'string', label: ATTACK, description: ATTACK, default: ATTACK } },
  },
]

describe.each(HUB_VERSIONS)('“Run a notebook by link” in JupyterHub %i', { timeout: 120_000 }, (version) => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let hub: TestHub
  let runner: TestRunner
  let browser: Browser

  beforeAll(async () => {
    folder = await tempFolder()
    await writeFile(join(folder.path, 'catalogue.json'), JSON.stringify(CATALOGUE))
    await writeFile(join(folder.path, 'notebook.ipynb'), notebookOf(['print(1)']))
    const [port = 0] = await freePorts(1)
    hub = await startHub(version, {
      traits: {
        JupyterHub: {
          template_paths: [TEMPLATES],
          template_vars: { notebook_runner_url: `http://127.0.0.1:${port}` },
        },
        Spawner: { options_form: '<label>Size <select name="size"><option>Small</option></select></label>' },
      },
    })
    runner = await startRunner({
      DATA_DIR: join(folder.path, 'data'),
      CONFIG_URL: folder.path,
      PORT: String(port),
      KERNELS: 'hub',
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_API_TOKEN: hub.token,
      VIEW_URL: `${hub.url}/user/{user}/lab/tree/{path}`,
    })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await runner?.[Symbol.asyncDispose]()
    await hub?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** A page of alice, who is signed in at the hub. */
  async function opened(path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(`${hub.url}/hub/login?next=${encodeURIComponent('/notebooks/hub/home')}`)
    await page.locator('input[name=username]').fill('alice')
    await page.locator('input[name=password]').fill(hub.password)
    await page.locator('#login_submit').click()
    await page.waitForURL('**/hub/home')
    // The session is that of the browser, on a page of our own.
    if (path !== '') await page.goto(`${runner.url}/?token=${runner.token}`)
    await page.goto(`${hub.url}${path || '/hub/home'}`)
    return page
  }

  const section = (page: Page) => page.locator('#notebook-runner')
  const status = (page: Page) => section(page).locator('.nr-status')

  it.each(['/hub/home', '/hub/spawn/alice'])('makes a link on %s', async (path) => {
    const page = await opened(path)
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) faults.push(message.text())
    })
    await page.reload()
    // What the hub has of its own is still there.
    await page
      .locator(path === '/hub/home' ? '#start' : '#spawn_form')
      .first()
      .waitFor()
    const part = section(page)
    await part.getByLabel('Image').fill('https://data.example/a scene.tif?x=1&y=2')
    await part.getByLabel('Area').fill('-4.5,53.1,-4.4,53.2')
    const link = await part.getByLabel('Link').inputValue()
    const { pathname, searchParams } = new URL(link)
    expect(link).toMatch(new RegExp(`^${runner.url}/run/notebook/ndvi\\?`))
    expect(pathname).toBe('/run/notebook/ndvi')
    expect(Object.fromEntries(searchParams)).toEqual({
      cog_url: 'https://data.example/a scene.tif?x=1&y=2',
      bbox: '-4.5,53.1,-4.4,53.2',
    })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await part.getByRole('button', { name: 'Copy' }).click()
    await part.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(link)

    const tab = page.context().waitForEvent('page')
    await part.getByRole('button', { name: 'Open' }).click()
    const run = await tab
    await run.waitForURL(`${runner.url}/**`)
    expect(faults).toEqual([])
    expect(await axeFindings(page, '#notebook-runner')).toEqual([])
  })

  it('shows hostile texts as texts', async () => {
    const page = await opened('/hub/home')
    const part = section(page)
    await part.getByLabel('Notebook').selectOption('hostile')
    await part.locator('.nr-inputs label').first().waitFor()
    expect(await part.locator('option').last().textContent()).toBe(ATTACK)
    expect(await part.locator('.nr-description').textContent()).toBe(ATTACK)
    expect(await part.locator('.nr-inputs label').textContent()).toContain(ATTACK)
    expect(await part.locator('img, script').count()).toBe(0)
    expect(await page.title()).not.toBe('owned')
    await part.locator('.nr-inputs input').fill('"><b>')
    expect(await part.getByLabel('Link').inputValue()).toBe(
      `${runner.url}/run/notebook/hostile?x=%22%3E%3Cb%3E`,
    )
  })

  it('looks like the hub, light and dark', async () => {
    await mkdir(SHOTS, { recursive: true })
    for (const look of ['light', 'dark'] as const) {
      for (const [name, path] of [
        ['home', '/hub/home'],
        ['spawn', '/hub/spawn/alice'],
      ] as const) {
        const page = await opened(path, look)
        await section(page).getByLabel('Image').waitFor()
        await page.screenshot({ path: join(SHOTS, `hub-${version}-${name}-${look}.png`), fullPage: true })
        expect(await axeFindings(page, '#notebook-runner')).toEqual([])
        await page.context().close()
      }
    }
  })

  it('lets pages of other origins, and of the hub other things, read nothing', async () => {
    const allowed = async (path: string, origin: string) => {
      const headers = { origin, authorization: `Bearer ${runner.token}` }
      return (await runner.fetch(path, { headers })).headers.get('access-control-allow-origin')
    }
    const { origin } = new URL(hub.url)
    expect(await allowed('/processes?f=json', origin)).toBe(origin)
    expect(await allowed('/processes/ndvi?f=json', origin)).toBe(origin)
    for (const path of ['/jobs?f=json', '/me', '/last-runs', '/run/notebook/ndvi'])
      expect(await allowed(path, origin)).toBeNull()
    for (const other of ['https://hub.example', 'null', `${origin}.example`, runner.url])
      expect(await allowed('/processes?f=json', other)).toBeNull()
  })

  it('says in a sentence that nobody is signed in there, and that it is down', async () => {
    const page = await opened('')
    await status(page).getByText('does not know you yet').waitFor()
    expect(await page.locator('#start').count()).toBe(1)
    await runner[Symbol.asyncDispose]()
    await page.reload()
    await status(page).getByText('does not answer at the moment').waitFor()
    expect(await section(page).getByLabel('Notebook').isVisible()).toBe(false)
  })
})
