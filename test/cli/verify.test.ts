import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OidcRunner, startOidcRunner } from '../security/oidc-runner.ts'
import { runner as command } from './command-line.ts'

let service: OidcRunner
let token: string
beforeAll(async () => {
  service = await startOidcRunner()
  token = await service.issuer.mint()
})
afterAll(() => service?.[Symbol.asyncDispose]())

async function verified(...args: readonly string[]) {
  const { code, stdout, stderr } = await command(['verify', service.runner.url, '--json', ...args])
  const points: readonly { point: string; result: string; what: string; seconds: number }[] =
    JSON.parse(stdout)
  return { code, stderr, points, results: points.map(({ result }) => result) }
}

describe('verify', () => {
  it('goes the way of a link, says six times that it works, and leaves nothing behind', async () => {
    const { code, stderr, points } = await verified('--token', token)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(points.map(({ point, result }) => [point, result])).toEqual(
      ['health', 'sign-in', 'catalogue', 'link', 'notebook', 'JupyterLab'].map((point) => [point, 'ok']),
    )
    for (const { seconds } of points) expect(seconds).toBeGreaterThan(0)
    expect(points[5]?.what).toContain('/lab/tree/')
    expect(await service.notebooks('alice-ws')).toEqual([])
  })

  it('prints a line for each', async () => {
    const { code, stdout } = await command(['verify', service.runner.url, '--token', token])
    expect(code).toBe(0)
    expect(stdout.split('\n').filter((line) => /^[1-6] +ok +\S+ +\d+\.\d{3} s/.test(line))).toHaveLength(6)
  })

  it('says which point does not work, and tries none behind it', async () => {
    const bad = await verified('--token', randomUUID())
    expect(bad.results).toEqual(['ok', 'fault', ...Array(4).fill('not-tried')])
    expect(bad.points[1]?.what).toContain('401')
    expect(bad).toMatchObject({ code: 1, stderr: `error: ${service.runner.url}: sign-in does not work.\n` })
    const missing = await verified('--token', token, '--notebook', 'nosuch')
    expect(missing.results).toEqual(['ok', 'ok', 'fault', ...Array(3).fill('not-tried')])
    const elsewhere = await verified('--token', token, '--workspace', 'bob-ws')
    expect(elsewhere.results).toEqual(['ok', 'ok', 'ok', 'fault', 'not-tried', 'not-tried'])
    const wrong = await verified('--token', token, '--notebook', 'cog_preview', '-p', 'colour', 'red')
    expect(wrong.points[3]?.what).toContain('400')
  })

  it('says that nobody answers, and what is no service', async () => {
    const { code, stdout } = await command(['verify', service.issuer.url, '--token', token])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^1 +FAULT +health .*is no Notebook Runner/m)
    const nobody = await command(['verify', 'http://127.0.0.1:9', '--token', token])
    expect(nobody.code).toBe(1)
    expect(nobody.stdout).toMatch(/^1 +FAULT +health .*ECONNREFUSED/m)
  })
})
