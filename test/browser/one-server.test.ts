import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { problemOf } from '../support/answers.ts'
import { launchBrowser } from '../support/browser.ts'
import { startHub, type TestHub } from '../support/hub.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { counterNotebook, serviceFolder } from '../support/service-process.ts'
import { openPage } from '../support/web-page.ts'

const PATIENCE = { timeout: 120_000, interval: 250 }

let stack: AsyncDisposableStack
let hub: TestHub
let runner: TestRunner
let browser: Browser

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir())
  const { catalogue } = await serviceFolder(folder.path, '', counterNotebook(1, 2))
  hub = stack.use(await startHub(6))
  await hub.addUsers('local')
  runner = stack.use(
    await startRunner({
      DATA_DIR: folder.path,
      CONFIG_URL: catalogue,
      KERNELS: 'hub',
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_API_TOKEN: hub.token,
      JUPYTERHUB_SERVER: 'workspace',
      JUPYTERHUB_ONE_SERVER: 'person',
      VIEW_URL: `${hub.url}/hub/spawn/{user}/{server}?next=/notebooks/user/{user}/{server}/lab/tree/{path}`,
    }),
  )
  browser = await launchBrowser()
  stack.defer(() => browser.close())
})
afterAll(() => stack?.disposeAsync())

/** A server of the person's that is in the way. */
async function startOther(): Promise<void> {
  await hub.admin('POST', '/users/local/servers/other')
  const servers = async () =>
    (await hub.api.servers('local', AbortSignal.timeout(10_000))).get('other')?.ready
  await expect.poll(servers, PATIENCE).toBe(true)
}

const LINK = '/run/notebook/counter?pause=0&_mode=execute'

const asProgram = (path: string, more: Record<string, string> = {}, body?: object) =>
  runner.fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${runner.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

it('a program is told that a server would be stopped, and what to send to agree', {
  timeout: 300_000,
}, async () => {
  await startOther()
  for (const answer of [
    await asProgram(LINK),
    await asProgram('/processes/counter/execution', {}, { inputs: { pause: 0 } }),
    await asProgram('/processes/counter/execution', {}, { each: { pause: [0, 1] } }),
  ]) {
    expect(answer.status).toBe(409)
    expect(await problemOf(answer)).toMatchObject({
      type: 'urn:notebook-runner:problem:would-stop-server',
      detail: expect.stringMatching(/would stop your server other .*Stop-Server: yes/),
    })
  }
  const odd = await asProgram(LINK, { 'stop-server': 'perhaps' })
  expect([odd.status, (await problemOf(odd)).detail]).toEqual([400, 'Stop-Server is yes, or is left out.'])
  const jobs: unknown = await (await asProgram('/jobs?f=json')).json()
  expect(jobs).toMatchObject({ jobs: [] })
})

it('a person who opens a link is asked first, and it runs once they agree', {
  timeout: 300_000,
}, async () => {
  await using opened = await openPage(browser, runner, LINK)
  const { page } = opened
  const run = page.getByRole('button', { name: 'Run', exact: true })
  const agree = page.getByRole('checkbox', { name: 'Stop your server other for it' })
  await agree.waitFor()
  expect(await run.isDisabled()).toBe(true)
  await agree.check()
  await expect.poll(() => run.isEnabled(), PATIENCE).toBe(true)
  await run.click()
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toMatch(/succeeded/i)
})

it('nobody is asked while the server that runs it is up; to run it again somebody is, once it is not', {
  timeout: 300_000,
}, async () => {
  const answer = await asProgram(LINK)
  expect(answer.status).toBe(303)
  const job = (answer.headers.get('location') ?? '').replace('../..', '')
  const state = async () => JSON.stringify(await (await asProgram(`${job}?f=json`)).json())
  await expect.poll(state, PATIENCE).toContain('"state":"succeeded"')
  await hub.admin('DELETE', '/users/local/servers/local')
  const gone = async () => (await hub.api.servers('local', AbortSignal.timeout(10_000))).has('local')
  await expect.poll(gone, PATIENCE).toBe(false)

  expect((await asProgram(`${job}/rerun`, {}, {})).status).toBe(409)
  await using opened = await openPage(browser, runner, job)
  const { page } = opened
  await page.getByRole('button', { name: 'Run again', exact: true }).click()
  await page.getByRole('alert').getByText('would stop your server other').waitFor()
  await page.getByRole('button', { name: 'Stop it, and go on' }).click()
  await expect.poll(() => page.url(), PATIENCE).not.toContain(job)
  await expect.poll(() => page.locator('#job-state').textContent(), PATIENCE).toMatch(/succeeded/i)
})

it('several runs are run again from the history once a person agrees', { timeout: 300_000 }, async () => {
  const gone = async () => (await hub.api.servers('local', AbortSignal.timeout(10_000))).has('local')
  await hub.admin('DELETE', '/users/local/servers/local')
  await expect.poll(gone, PATIENCE).toBe(false)
  const other = async () =>
    (await hub.api.servers('local', AbortSignal.timeout(10_000))).get('other')?.ready === true
  if (!(await other())) await startOther()
  await using opened = await openPage(browser, runner, '/jobs?status=successful')
  const { page } = opened
  await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
  const count = await page.locator('.history-rows > li').count()
  expect(count).toBeGreaterThan(1)
  await page
    .getByRole('region', { name: 'Selected runs' })
    .getByRole('button', { name: 'Run again', exact: true })
    .click()
  const outcome = page.getByRole('status').filter({ hasText: 'started again' })
  await outcome.getByText(`0 of ${count} started again`).waitFor()
  await outcome.getByText('would stop your server other').first().waitFor()
  await outcome.getByRole('button', { name: 'Stop it, and go on' }).click()
  await page.getByText(`${count} started again.`).waitFor()
})
