import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOf } from '../support/answers.ts'
import { LAB, type LocalRunner, startLocalRunner } from './local-runner.ts'
import { breakingLines, climbing, leadingAway } from './payloads.ts'
import { type Answer, send } from './raw-http.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
const PERSON = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
}

let local: LocalRunner
let cookie: string
/** A run that is there, so that a payload beside it is the only thing wrong. */
let run: string

beforeAll(async () => {
  local = await startLocalRunner({ BASE_PATH: '/notebook-runner' })
  cookie = await local.cookie()
  run = (await runOf(await local.runner.program(LINK))).id
})
afterAll(() => local?.[Symbol.asyncDispose]())

/** Every place of an address that a person who makes links can fill, on every route. */
const PLACES: ReadonlyArray<readonly [string, (payload: string) => string]> = [
  ['a whole address', (payload) => `/${payload}`],
  ['an address below the base path', (payload) => `/notebook-runner${payload}`],
  ['an address with the token', (payload) => `/${payload}?token=${local.runner.token}`],
  ['the token', (payload) => `/?token=${payload}`],
  [
    'a target for after the token',
    (payload) => `/?token=${local.runner.token}&next=${payload}&url=${payload}`,
  ],
  ['the id of a described notebook', (payload) => `/processes/${payload}`],
  ['the example of a form', (payload) => `/processes/cog_preview?f=html&cog_url=${payload}`],
  ['the id of a notebook to run', (payload) => `/run/notebook/${payload}?cog_url=https://e.org/x`],
  ['a workspace', (payload) => `${LINK}&_workspace=${payload}`],
  ['a kernel', (payload) => `${LINK}&_kernel=${payload}`],
  ['a representation', (payload) => `${LINK}&_f=${payload}`],
  ['an unknown parameter', (payload) => `${LINK}&next=${payload}`],
  ['the name of a parameter', (payload) => `${LINK}&${payload}=1`],
  ['the notebook of a run', (payload) => `/view-notebook/${payload}/${run}`],
  ['the run', (payload) => `/view-notebook/cog_preview/${payload}`],
  ['the workspace of a run', (payload) => `/view-notebook/cog_preview/${run}?workspace=${payload}`],
  ['a target beside a run', (payload) => `/view-notebook/cog_preview/${run}?next=${payload}&url=${payload}`],
  ['an asset', (payload) => `/assets/${payload}`],
  ['an example’s data', (payload) => `/examples/data/${payload}`],
]

/** A program, and a person. */
const VISITORS: ReadonlyArray<() => Record<string, string>> = [
  () => local.bearer,
  () => ({ ...PERSON, cookie }),
]

/** Where a browser that stands at `target` is sent to. */
function destination(answer: Answer, target: string): URL | undefined {
  const location = answer.headers.get('location')
  return location === undefined ? undefined : new URL(location, new URL(local.runner.url).origin + target)
}

async function tryAll(
  payloads: readonly string[],
  look: (answer: Answer, target: string) => void,
): Promise<void> {
  for (const [at, headers] of VISITORS.entries()) {
    // Each payload by one of them, so that both see every kind.
    for (const payload of payloads.filter((_, index) => index % VISITORS.length === at)) {
      // One place after the other would take minutes.
      const targets = PLACES.map(([, target]) => target(payload))
      const answers = await Promise.all(
        targets.map((target) => send(local.runner.url, { target, headers: headers() })),
      )
      for (const [index, answer] of answers.entries()) look(answer, targets[index] ?? '')
    }
  }
}

describe('whatever an address holds', () => {
  it('a redirect leads to the service itself or to JupyterLab, and nowhere else', async () => {
    const ours = new URL(local.runner.url).origin
    let redirects = 0
    await tryAll(leadingAway, (answer, target) => {
      expect(answer.status, target).toBeLessThan(500)
      const to = destination(answer, target)
      if (to === undefined) return
      redirects += 1
      expect([ours, LAB], target).toContain(to.origin)
      expect(to.href, target).not.toMatch(/evil|javascript:|data:/)
      expect(answer.headers.get('location'), target).not.toMatch(/^[/\\]{2}|[\t\r\n]/)
    })
    // Those beside a good run and a good token do lead somewhere: the check has seen some.
    expect(redirects).toBeGreaterThan(leadingAway.length / 2)
  })

  it('nothing is served that is not ours to give', async () => {
    await tryAll(climbing, (answer, target) => {
      expect(answer.status, target).toBeLessThan(500)
      expect(answer.body, target).not.toMatch(/root:|"devDependencies"|buildApp|\[core\]|inputSpec/)
    })
    for (const name of await local.prepared()) expect(name).toMatch(/^cog_preview-[0-9a-f-]{36}\.ipynb$/)
  })

  it('no header is made of it', async () => {
    await tryAll(breakingLines, (answer, target) => {
      expect(answer.status, target).toBeLessThan(500)
      expect([...answer.headers.keys()], target).not.toContain('x-injected')
      expect(answer.headers.get('set-cookie') ?? '', target).not.toContain('injected')
    })
  })
})
