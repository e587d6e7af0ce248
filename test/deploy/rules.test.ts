import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { output } from './support/command.ts'
import { readRules } from './support/prometheus.ts'
import { debianPackage } from './support/tools.ts'

const ROOT = join(import.meta.dirname, '../..')
let folder: string
let rules: ReturnType<typeof readRules> extends Promise<infer R> ? R : never
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notebook-runner-rules-'))
  rules = await readRules()
  await writeFile(join(folder, 'rules.json'), JSON.stringify(rules))
  await copyFile(join(import.meta.dirname, 'rules.test.yaml'), join(folder, 'rules.test.yaml'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('the rules are right, and each alert fires when it should and not before', async () => {
  const promtool = join(await debianPackage('prometheus'), 'usr/bin/promtool')
  expect(await output(promtool, ['check', 'rules', 'rules.json'], { cwd: folder })).toContain('SUCCESS')
  expect(await output(promtool, ['test', 'rules', 'rules.test.yaml'], { cwd: folder })).toContain('SUCCESS')
})

it('each alert has a test and a page in the runbook', async () => {
  const runbook = await readFile(join(ROOT, 'docs/runbook.md'), 'utf8')
  const tests = await readFile(join(import.meta.dirname, 'rules.test.yaml'), 'utf8')
  const alerts = rules.groups.flatMap((group) => group.rules.filter(({ alert }) => alert !== undefined))
  expect(alerts.length).toBeGreaterThan(0)
  for (const { alert = '', annotations } of alerts) {
    expect(runbook).toContain(`\n## ${alert}\n`)
    expect(annotations?.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
    expect(tests).toContain(`alertname: ${alert},`)
  }
})
