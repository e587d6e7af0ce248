import type { Page } from 'playwright-core'

/** Frames that the page made while it was scrolled. */
export interface Frames {
  readonly name: string
  readonly seconds: number
  /** Milliseconds between two frames. */
  readonly gaps: readonly number[]
}

const SECONDS = 5
/** CSS pixels a second. */
const PACES = [
  ['read: 500 px/s', 500],
  ['looked through: 3,000 px/s', 3_000],
  ['rushed through: 20,000 px/s', 20_000],
] as const
const CELLS = 5_000

/** By the browser's own scrolling, as of a wheel, at some paces, each in cells that were not seen yet. */
export async function scrolledFrames(page: Page, url: string): Promise<readonly Frames[]> {
  await page.goto(url)
  await page.locator(`[aria-setsize="${CELLS}"]`).first().waitFor()
  const devtools = await page.context().newCDPSession(page)
  const all: Frames[] = []
  for (const [index, [name, pace]] of PACES.entries()) {
    await page.evaluate(`window.scrollTo(0, ${20_000 + 100_000 * index})`)
    await page.waitForTimeout(2_000)
    await page.evaluate(`
      window.frameTimes = []
      window.isCounting = true
      requestAnimationFrame(function count(at) {
        window.frameTimes.push(at)
        if (window.isCounting) requestAnimationFrame(count)
      })`)
    await devtools.send('Input.synthesizeScrollGesture', {
      x: 800,
      y: 600,
      yDistance: -pace * SECONDS,
      speed: pace,
      gestureSourceType: 'mouse',
      preventFling: true,
    })
    const times: readonly number[] = await page.evaluate('window.isCounting = false, window.frameTimes')
    const gaps = times.slice(1).map((at, place) => at - (times[place] ?? at))
    all.push({ name, seconds: ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000, gaps })
  }
  return all
}
