import timers from 'node:timers/promises'
import { jobOf } from '../../support/answers.ts'
import type { TestRunner } from '../../support/runner.ts'

/**
 * What people do with a runner, for so many seconds: links, wrong ones among them, runs, more of them than are worked on at
 * a time, one that fails, and somebody who watches.
 */
export async function someLoad(runner: TestRunner, seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1_000
  const scene = encodeURIComponent(`${runner.url}/examples/data/scene.tif`)
  const watching = new AbortController()
  for (let round = 0; performance.now() < until; round++) {
    const often = 3 + (round % 7)
    for (let count = 0; count < often; count++)
      await runner.program(`/run/notebook/cog_preview?cog_url=${scene}&_mode=prepare`)
    if (round % 3 === 0) await runner.program('/run/notebook/cog_preview?cog=typo')
    if (round % 4 === 0) {
      await runner.program('/processes?f=json')
      await runner.program('/jobs?f=json')
    }
    if (round % 10 === 0) {
      const wanted = round % 40 === 0 ? 4 : 1
      for (let count = 0; count < wanted; count++) {
        const url = round % 20 === 10 ? 'http%3A%2F%2F127.0.0.1%3A1%2Fnone.tif' : scene
        const response = await runner.program(`/run/notebook/cog_preview?cog_url=${url}&_mode=execute`)
        if (count === 0) void watch(runner, (await jobOf(response)).id, watching.signal)
      }
    }
    await timers.setTimeout(300)
  }
  watching.abort()
}

async function watch(runner: TestRunner, id: string | undefined, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${runner.token}`, accept: 'text/event-stream' }
  const response = await fetch(`${runner.url}/jobs/${id}/events`, { headers, signal }).catch(() => undefined)
  await response?.text().catch(() => undefined)
}
