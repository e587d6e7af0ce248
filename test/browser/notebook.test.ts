import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { openPage, shots } from '../support/web-page.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const folder = await tempFolder()
let service: RunService
let browser: Browser

const INPUTS = {
  title: { type: 'text', label: 'Title', description: 'What it is called', default: 'Coast' },
  count: { type: 'integer', label: 'Count', minimum: 1, maximum: 10 },
  big: { type: 'integer', label: 'Big number' },
  season: { type: 'text', label: 'Season', enum: ['spring', 'summer'] },
  mask: { type: 'boolean', label: 'Mask' },
  day: { type: 'date', label: 'Day' },
  at: { type: 'datetime', label: 'Time' },
  span: { type: 'interval', label: 'Span' },
  area: { type: 'bbox', label: 'Area' },
  field: { type: 'geojson', label: 'Field' },
  urls: { type: 'urlList', label: 'Images' },
  constructor: { type: 'text', label: 'Constructor' },
}

beforeAll(async () => {
  await copyFile(join(EXAMPLES, 'cog_preview.ipynb'), join(folder.path, 'every.ipynb'))
  const entry = { id: 'every', file: 'every.ipynb', title: 'Every kind of input', inputSpec: INPUTS }
  await writeFile(join(folder.path, 'catalogue.json'), JSON.stringify([entry]))
  ;[service, browser] = await Promise.all([
    startRunService({ CONFIG_URL: join(folder.path, 'catalogue.json') }),
    launchBrowser(),
  ])
})
afterAll(async () => {
  await browser?.close()
  await service?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

describe('the form of a notebook', () => {
  it('is in step with its address, whatever is filled in', async () => {
    await using opened = await openPage(browser, service.runner, '/processes/every')
    const { page, faults } = opened
    await page.getByLabel('Title').fill('ä b&c=d')
    await page.getByLabel('Big number').fill('12345678901234567890')
    await page.getByLabel('Season').selectOption('summer')
    await page.getByLabel('Mask').selectOption('false')
    await page.getByLabel('Day').fill('2024-05-31')
    await page.getByLabel('Time, in UTC').fill('2024-05-31T12:00:00')
    await page.getByRole('group', { name: 'Span' }).getByLabel('From').fill('2024-01-01')
    await page.getByRole('group', { name: 'Area' }).getByLabel('West').fill('-4.5,53.1,-4.4,53.2')
    await page.getByLabel('Images, 1', { exact: true }).fill('https://a.example/x')
    await page.getByRole('group', { name: 'Images' }).getByRole('button', { name: 'Add another' }).click()
    await page.getByLabel('Images, 2', { exact: true }).fill('https://b.example/y?z=1')
    await page.getByLabel('Constructor').fill('c')
    const query =
      'title=%C3%A4%20b%26c%3Dd&big=12345678901234567890&season=summer&mask=false&day=2024-05-31&at=2024-05-31T12:00:00Z&span=2024-01-01/..&area=-4.5,53.1,-4.4,53.2&urls=https://a.example/x,https://b.example/y%3Fz%3D1&constructor=c'
    await expect.poll(() => page.url()).toBe(`${service.runner.url}/processes/every?${query}`)
    await page.getByText(`${service.runner.url}/run/notebook/every?${query}`).waitFor()
    await page.getByText('It has not run in your workspaces before').waitFor()
    expect(await shots(page, 'form')).toEqual([])
    await page.reload()
    expect(await page.getByLabel('Images, 2', { exact: true }).inputValue()).toBe('https://b.example/y?z=1')
    expect(await page.getByLabel('Big number').inputValue()).toBe('12345678901234567890')
    await page.getByRole('button', { name: 'Remove Images, 1' }).click()
    await expect.poll(() => page.url()).toContain('urls=https://b.example/y%3Fz%3D1')
    expect(faults).toEqual([])
  })
})

describe('controls', () => {
  it('take a file that is dropped, and a number by a slider', async () => {
    await using opened = await openPage(browser, service.runner, '/processes/every')
    const { page, faults } = opened
    const field = page.locator('[data-input=field]').getByRole('textbox')
    await field.waitFor()
    // As a browser hands over a file that is dropped from a folder.
    await page.evaluate(`{
      const files = new DataTransfer()
      files.items.add(new File(['{ "type": "Point", "coordinates": [10, 50] }'], 'point.geojson'))
      const drop = new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true })
      document.querySelector('[data-input=field] textarea').dispatchEvent(drop)
    }`)
    await expect.poll(() => field.inputValue()).toBe('{"type":"Point","coordinates":[10,50]}')
    await expect.poll(() => page.url()).toContain('field=')
    await page.locator('[data-input=field] input[type=file]').setInputFiles({
      name: 'other.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"type":"Point","coordinates":[11,51]}'),
    })
    await expect.poll(() => field.inputValue()).toContain('[11,51]')
    await page
      .locator('[data-input=count] input[type=text], [data-input=count] input:not([type])')
      .first()
      .fill('3')
    await page.getByRole('slider', { name: 'Count, by a slider' }).press('ArrowRight')
    await expect
      .poll(() =>
        page
          .locator('[data-input=count] input[type=text], [data-input=count] input:not([type])')
          .first()
          .inputValue(),
      )
      .toBe('4')
    expect(faults).toEqual([])
  })

  it('pass the link on in seven ways, each of which leads to the same', async () => {
    const { url } = service.runner
    await using opened = await openPage(
      browser,
      service.runner,
      "/processes/every?title=it's%20(a)%20%26%20b",
    )
    const { page, faults } = opened
    const panel = page.getByRole('region', { name: 'The link' })
    const shown = async (name: string) => {
      await panel.getByRole('tab', { name, exact: true }).click()
      return (await panel.getByRole('tabpanel', { name }).locator('pre').textContent()) ?? ''
    }
    const link = await shown('Link')
    expect(link).toBe(`${url}/run/notebook/every?title=it%27s%20(a)%20%26%20b`)
    for (const name of ['curl', 'Python']) expect(await shown(name)).toContain(`'${link}'`)
    expect(await shown('Command line')).toBe(
      `./notebook-runner link every \\\n  --url ${url} \\\n  -p title 'it'\\''s (a) & b'`,
    )
    const badge = `${url}/badge.svg`
    const alt = 'run notebook: Every kind of input'
    expect(await shown('Markdown')).toBe(
      `[![${alt}](${badge})](${link.replace('(', '%28').replace(')', '%29')})`,
    )
    expect(await shown('HTML')).toBe(`<a href="${link}"><img src="${badge}" alt="${alt}"></a>`)
    expect(await shown('reStructuredText')).toBe(`.. image:: ${badge}\n   :target: ${link}\n   :alt: ${alt}`)
    const picture = await page.request.get(badge)
    expect(picture.headers()['content-type']).toContain('image/svg+xml')
    await page.goto(link)
    expect(await page.getByLabel('Title').inputValue()).toBe("it's (a) & b")
    expect(faults).toEqual([])
  })
})

describe('the map of an area', () => {
  it('is drawn on and typed, both in step', { timeout: 120_000 }, async () => {
    await using opened = await openPage(browser, service.runner, '/processes/every?area=-4.5,53.1,-4.4,53.2')
    const { page, faults } = opened
    await page.setViewportSize({ width: 1280, height: 1800 })
    const area = page.locator('[data-input=area]')
    await area.getByRole('button', { name: 'On a map' }).click()
    await area.locator('[data-ready=true]').waitFor()
    await expect
      .poll(() => page.evaluate("performance.getEntriesByType('resource').map((one) => one.name).join()"))
      .toContain('countries-50m')
    await area.getByRole('button', { name: 'Draw a box' }).click()
    const box = await area.locator('.area-map').boundingBox()
    if (box === null) throw new Error('There is no map')
    await page.mouse.click(box.x + 100, box.y + 100)
    await page.mouse.move(box.x + 200, box.y + 200)
    await page.mouse.click(box.x + 220, box.y + 220)
    await expect.poll(() => area.getByLabel('West').inputValue()).not.toBe('-4.5')
    await expect.poll(() => page.url()).toMatch(/area=-4\.\d+,53\.\d+,-4\.\d+,53\.\d+$/)
    const field = page.locator('[data-input=field]')
    await field.getByRole('textbox').fill('{"type":"Point","coordinates":[10,50]}')
    await field.getByRole('button', { name: 'On a map' }).click()
    await field.locator('[data-ready=true]').waitFor()
    await field.getByRole('button', { name: 'Draw an area' }).click()
    const map = await field.locator('.area-map').boundingBox()
    if (map === null) throw new Error('There is no map')
    for (const [x, y] of [
      [100, 100],
      [250, 100],
      [250, 250],
      [100, 100],
    ] as const)
      await page.mouse.click(map.x + x, map.y + y, { delay: 50 })
    await expect.poll(() => field.getByRole('textbox').inputValue()).toContain('"Polygon"')
    expect(await shots(page, 'maps')).toEqual([])
    expect(faults).toEqual([])
  })
})

describe('a link that runs', () => {
  it('waits filled in, with what is wrong marked, and runs by one click', async () => {
    const path = '/run/notebook/every?_mode=execute&urls=https://a.example/x&count=12&colour=red'
    await using opened = await openPage(browser, service.runner, path)
    const { page } = opened
    await page.getByText('A link brought you here').waitFor()
    await page.getByRole('alert').filter({ hasText: 'colour' }).waitFor()
    await page.getByText('count: expected').waitFor()
    expect(await page.getByRole('link', { name: 'Open in JupyterLab' }).count()).toBe(0)
    expect(await shots(page, 'confirm-faults')).toEqual([])
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    expect(await page.evaluate('document.activeElement.closest("[data-input]")?.dataset.input')).toBe('count')
    await page.getByRole('button', { name: 'Leave it out' }).click()
    await page.getByLabel('Count', { exact: false }).first().fill('3')
    await page.getByText('Stored as').waitFor()
    expect(await shots(page, 'confirm')).toEqual([])
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
    const { run } = await service.claim()
    expect([...run.parameters.keys()]).toContain('count')
  })

  it('tells how many runs a sweep makes', async () => {
    await using opened = await openPage(browser, service.runner, '/processes/every?urls=https://a.example/x')
    const { page } = opened
    await page.getByRole('button', { name: 'Several values of Count' }).click()
    await page.getByLabel('Count: one run for each, 1', { exact: true }).fill('1..3')
    await page.getByText('3 times: one for each count').waitFor()
    await expect.poll(() => page.url()).toContain('_each=count&_mode=execute&count=1..3')
    expect(await page.getByRole('link', { name: 'Open in JupyterLab' }).count()).toBe(0)
    expect(await shots(page, 'sweep-form')).toEqual([])
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.waitForURL(/\/batches\/[0-9a-f-]{36}$/)
  })
})
