import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'

// npm run tour: takes the way of a scientist in a real browser, on a service of its own, and makes docs/tour.md of it.

const DOCS = join(import.meta.dirname, '../../docs')
const PICTURES = 'images/tour'
/** Pictures of pages that are longer are cut. */
const VIEW = { width: 1100, height: 800 }

await using folder = await temporaryDataDir()
await using runner = await startRunner({ DATA_DIR: folder.path })
await using browser = await launchBrowser()
const page = await browser.newPage({ viewport: VIEW, colorScheme: 'light' })
page.setDefaultTimeout(120_000)

const stops: string[] = []

/** What is seen now is the next stop of the tour. */
async function stop(title: string, text: string, name: string): Promise<void> {
  const path = `${PICTURES}/${stops.length + 1}-${name}.jpg`
  await page.screenshot({ path: join(DOCS, path), type: 'jpeg', quality: 80 })
  stops.push(`## ${stops.length + 1}. ${title}\n\n${text}\n\n![${title}](${path})\n`)
  process.stderr.write(`${title}\n`)
}

async function ended(on: Page): Promise<void> {
  await on.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  await on.getByRole('status').filter({ hasText: 'Succeeded' }).waitFor()
}

await mkdir(join(DOCS, PICTURES), { recursive: true })
await page.goto(`${runner.url}/?token=${runner.token}`)
await page.getByRole('link', { name: /NDVI/ }).waitFor()
await stop(
  'The notebooks',
  'The printed link opens the catalogue. An example runs by one click.',
  'catalogue',
)

await page.getByRole('link', { name: /NDVI/ }).click()
await page.getByRole('button', { name: 'Fill in the example' }).click()
await page.locator('[data-preview=cog] img').waitFor()
await page.getByRole('button', { name: 'On a map' }).click()
await page.locator('[data-ready=true]').waitFor()
await page.getByText('Stored as').waitFor()
await stop(
  'The form',
  'Made from the inputs of the notebook, and always in step with its address. The image is looked at, the area is on a map.',
  'form',
)

const scene = (name: string) => `${runner.url}/examples/data/${name}.tif`
const link = (name: string) =>
  `${runner.url}/run/notebook/ndvi_calculation?cog_url=${scene(name)}&bbox=-4.5,53.1,-4.4,53.2&_mode=execute`
await page.goto(link('scene'))
await page.getByRole('button', { name: 'Run', exact: true }).waitFor()
await page.getByText('Stored as').waitFor()
await stop(
  'A link',
  'A run link opened in a browser arrives at its form, filled in. Nothing runs before the button is pressed.',
  'confirm',
)

await page.getByRole('button', { name: 'Run', exact: true }).click()
await ended(page)
await page.locator('main img').first().scrollIntoViewIfNeeded()
await stop('The run', 'Its cells, what they print and their pictures, as they come.', 'run')

const run = page.url()
await page.getByRole('link', { name: 'Open in JupyterLab' }).click()
await page.waitForURL(/\/lab\/tree\/local\/notebooks\/ndvi_calculation-/)
await page.locator('.jp-OutputArea-output img').first().scrollIntoViewIfNeeded()
await stop(
  'In JupyterLab',
  'The executed notebook is in the workspace, with the parameters in it.',
  'jupyterlab',
)

await page.goto(link('scene-2023'))
await page.getByRole('button', { name: 'Run', exact: true }).click()
await ended(page)
const other = page.url()
await page.goto(`${runner.url}/jobs`)
await page.locator('.history-row img').nth(1).waitFor()
for (const box of await page.getByLabel(/^Select ndvi_calculation/).all()) await box.check()
await page.getByRole('link', { name: 'Compare' }).waitFor()
await stop(
  'The history',
  'Every run with its parameters, time and last picture. What is selected is compared, run again, cancelled or deleted.',
  'history',
)

await page.goto(`${runner.url}/compare?left=${idOf(other)}&right=${idOf(run)}`)
await page.getByRole('row').filter({ hasText: 'cog_url' }).waitFor()
await stop('Two runs side by side', 'What differs is marked, in parameters and in code.', 'compare')
// Outputs are asked for when they are seen.
const slider = page.locator('input[type=range]').first()
for (let turns = 0; turns < 100 && (await slider.count()) === 0; turns += 1) {
  await page.mouse.wheel(0, VIEW.height / 2)
  await page.waitForTimeout(300)
}
await slider.scrollIntoViewIfNeeded()
await stop('Two pictures', 'One over the other, with a slider.', 'compare-pictures')

const areas = ['-4.5,53.1,-4.4,53.2', '-4.48,53.12,-4.44,53.16']
const images = ['scene-2023', 'scene-2024', 'scene'].map((name) => `cog_url=${scene(name)}`)
await page.goto(
  `${runner.url}/run/notebook/ndvi_calculation?${images.join('&')}&${areas.map((area) => `bbox=${area}`).join('&')}&_each=cog_url,bbox&_mode=execute`,
)
await page.getByRole('button', { name: /^Run/ }).first().click()
await page.waitForURL(/\/batches\/[0-9a-f-]{36}$/)
await page.getByText('6 of 6 runs have ended').waitFor({ timeout: 300_000 })
await page.locator('main img').nth(5).waitFor()
await stop(
  'A sweep',
  'One link with several values of its inputs (`_each`): a run for each combination, in one table.',
  'sweep',
)

await writeFile(
  join(DOCS, 'tour.md'),
  `# A tour\n\nFrom the printed link of \`npm start\` to a sweep. \`npm run tour\` takes this way in a real browser, and makes this page.\n\n${stops.join('\n')}`,
)

function idOf(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1)
}
