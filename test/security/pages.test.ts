import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type LocalRunner, startLocalRunner } from './local-runner.ts'

/** Each would run where its text stood unescaped: as an element, in an attribute of either quotes, in a script, a URL. */
const PAYLOADS = [
  '<script>owned()</script>',
  '<img src=x onerror=owned()>',
  '"><svg onload=owned()>',
  "' onfocus='owned()' autofocus='",
  '" onfocus="owned()" autofocus="" x="',
  '" formaction="javascript:owned()',
  '</title><script>owned()</script>',
  '</textarea><script>owned()</script>',
  '</option></select><img src=x onerror=owned()>',
  '</script><script>owned()</script>',
  'javascript:owned()',
  '`-owned()-`',
  '${owned()}',
  '!${owned()}',
  '{{owned()}}',
  '&lt;script&gt;owned()&lt;/script&gt;',
  '&#60;script&#62;owned()&#60;/script&#62;',
  '<!--><script>owned()</script>',
  '<![CDATA[<script>owned()</script>]]>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  '<iframe srcdoc="<script>parent.owned()</script>"></iframe>',
  '<form action=https://evil.example><button autofocus>',
  '\u2028owned()\u2029',
  '<scr\0ipt>owned()</scr\0ipt>',
  '\ufeff<script>owned()</script>',
  '＜script＞owned()＜/script＞',
]
const ALL = PAYLOADS.join('\n')

/** Every text of an entry, each holding everything; and entries that are broken in words of their own. */
function entriesWith(payload: string, id: string): readonly object[] {
  const words = { label: payload, description: payload, placeholder: payload, format: payload }
  const inputSpec = {
    text: { type: 'text', ...words, default: payload },
    choice: { type: 'text', ...words, enum: [payload, 'b'], default: payload },
    list: { type: 'array', items: payload, ...words, default: [payload] },
    geo: { type: 'object', ...words, default: { [payload]: payload } },
    number: { type: 'number', ...words },
    pattern: { type: 'text', label: payload, pattern: payload.replace(/[^<>"'=a-z]/g, '.').slice(0, 400) },
    kind: { type: payload, ...words },
  }
  const texts = { title: payload, description: payload, collections: [payload], example: payload }
  return [
    { id, file: 'good.ipynb', ...texts, inputSpec },
    { id: payload, file: 'good.ipynb', ...texts },
    { id: `${id}-kernel`, kernel: payload, file: 'x.ipynb', ...texts },
    { id: `${id}-mode`, mode: payload, file: 'x.ipynb', ...texts },
    { id: `${id}-file`, file: `${payload}://x`, ...texts },
    { id: `${id}-path`, file: `../${payload}`, ...texts },
    { id: `${id}-input`, file: 'x.ipynb', ...texts, inputSpec: { [payload]: { type: 'text' } } },
    { id: `${id}-cell`, file: 'cell.ipynb', ...texts },
  ]
}

/** A notebook that describes its inputs itself, in the comments and values of its parameters cell. */
function cellNotebook(): string {
  const source = `text = ${JSON.stringify(ALL)}  # ${PAYLOADS.join(' ').replace(/[\0\u2028\u2029\ufeff]/g, ' ')}`
  const cell = {
    cell_type: 'code',
    id: 'a',
    metadata: { tags: ['parameters'] },
    execution_count: null,
    outputs: [],
    source,
  }
  const kernelspec = { name: 'python3', display_name: ALL, language: 'python' }
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec, language_info: { name: 'python' } },
    cells: [cell],
  })
}

let folder: string
let local: LocalRunner
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runner-pages-'))
  const entries = [
    ...entriesWith(ALL, 'all'),
    ...PAYLOADS.flatMap((payload, index) => entriesWith(payload, `p${index}`).slice(0, 2)),
  ]
  await writeFile(join(folder, 'catalogue.json'), JSON.stringify(entries))
  for (const name of ['good.ipynb', 'cell.ipynb']) await writeFile(join(folder, name), cellNotebook())
  ;[local, browser] = await Promise.all([startLocalRunner({ CONFIG_URL: folder }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await local?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

interface Watched {
  readonly page: Page
  /** What ran, was asked for elsewhere, or was held back by the policy. */
  readonly seen: string[]
}

/** A browser of the local user in which `owned()` tells on whoever calls it. */
async function watched(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage()
  const seen: string[] = []
  await page.exposeFunction('owned', () => seen.push('a script ran'))
  page.on('dialog', (dialog) => {
    seen.push('a dialog opened')
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) seen.push(message.text())
  })
  page.on('pageerror', (error) => seen.push(`a script failed: ${error.message}`))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(local.runner.url).origin)
      seen.push(`asked for ${request.url()}`)
  })
  await page.goto(`${local.runner.url}/?token=${local.runner.token}`)
  return { page, seen }
}

const given = encodeURIComponent(ALL)
const PATHS = [
  '/processes?f=html',
  '/processes/all?f=html',
  `/processes/all?f=html&text=${given}&choice=${given}&list=${given}&geo=${given}&${given}=${given}`,
  '/processes/all-cell?f=html',
  `/processes/all-cell?f=html&text=${given}`,
  `/processes/${given}?f=html`,
  '/processes/all-kernel?f=html',
  '/processes/all-file?f=html',
  '/processes/all-input?f=html',
  `/run/notebook/all?number=${given}&choice=${given}&geo=${given}&_mode=${given}&_kernel=${given}&_${given}=1&${given}=1`,
  `/run/notebook/all?_workspace=${given}`,
  `/run/notebook/${given}`,
  `/view-notebook/${given}/${given}`,
  `/jobs?f=html&person=${given}&parameter=${given}&${given}=1`,
  `/jobs?f=html&person=${given}`,
  `/jobs/${given}?f=html`,
  `/?token=${given}`,
  `/${given}`,
]

it('the texts would run where they stood unescaped, and be seen', async () => {
  const context = await browser.newContext({ bypassCSP: true })
  const { page, seen } = await watched(context)
  for (const payload of PAYLOADS.slice(0, 3)) await page.setContent(`<input value="${payload}">${payload}`)
  await expect.poll(() => seen.filter((one) => one === 'a script ran').length).toBeGreaterThan(2)
  await context.close()
})

describe.each([
  ['as it is', false],
  ['in a browser that has no content security policy', true],
])('a page with texts of strangers, %s', (_, bypassCSP) => {
  it('runs no script of theirs, asks nobody else, and shows them as texts', async () => {
    const context = await browser.newContext({ bypassCSP })
    const { page, seen } = await watched(context)
    for (const id of ['all', 'all-cell']) {
      await page.goto(`${local.runner.url}/processes/${id}?f=html&text=${given}`)
      const field = page.locator('[data-input=text] :is(input, textarea)')
      expect(await field.inputValue()).toContain('<img src=x onerror=owned()>')
      expect(await page.locator('h1').textContent()).toContain('<script>owned()</script>')
    }
    for (const path of PATHS) {
      await page.goto(local.runner.url + path)
      await page.waitForLoadState('networkidle')
      // What would run late, when a field is looked at.
      await page.locator('input, select, textarea').evaluateAll((fields) => {
        for (const field of fields) field.focus()
      })
      const scripts = await page
        .locator('script')
        .evaluateAll((found) => found.map((one) => one.getAttribute('src')))
      expect([
        path,
        scripts.filter((src) => !/^(\.\/|(\.\.\/)*)assets\/main-[\w-]+\.js$/.test(src ?? '')),
      ]).toEqual([path, []])
      const foreign =
        'img, svg:not(header svg, .mantine-NativeSelect-section svg, .mantine-Pill-remove svg), iframe, base, object, embed, meta[http-equiv], [onerror], [onload], [onfocus], [formaction], form[action]'
      expect([path, await page.locator(foreign).count()]).toEqual([path, 0])
      for (const href of await page
        .locator('a, form, link')
        .evaluateAll((found) =>
          found.map((one) => one.getAttribute('href') ?? one.getAttribute('action') ?? ''),
        ))
        expect(new URL(href, page.url()).origin, path).toBe(new URL(local.runner.url).origin)
      expect([path, seen]).toEqual([path, []])
    }
    await context.close()
  })

  it('cannot be put into a frame of another page', async () => {
    const context = await browser.newContext({ bypassCSP })
    const { page } = await watched(context)
    await page.route('http://127.0.0.1:1/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<iframe src="${local.runner.url}/processes?f=html"></iframe>`,
      }),
    )
    await page.goto('http://127.0.0.1:1/')
    await page.waitForLoadState('networkidle')
    for (const frame of page.frames().slice(1)) expect(await frame.locator('main').count()).toBe(0)
    await context.close()
  })
})
