import { expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startHttpServer } from '../support/http-server.ts'

it('shows a page as a person sees it, and reaches nothing outside', async () => {
  await using server = await startHttpServer()
  server.on('/', (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><title>A page</title><h1>Grüße, <em>世界</em></h1>
<button onclick="this.textContent = 'Clicked'">Click</button><canvas></canvas>`)
  })
  await using browser = await launchBrowser()
  const page = await browser.newPage({ viewport: { width: 600, height: 300 } })
  await page.goto(`${server.origin}/`)
  await page.getByRole('button', { name: 'Click' }).click()
  expect(await page.getByRole('button').textContent()).toBe('Clicked')
  expect(await page.title()).toBe('A page')
  expect(await page.evaluate("document.querySelector('canvas').getContext('webgl2') !== null")).toBe(true)
  expect([...(await page.screenshot()).subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
  await expect(page.goto('http://outside.example/')).rejects.toThrow('ERR_NAME_NOT_RESOLVED')
})
