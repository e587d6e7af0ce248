import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { output } from './support/command.ts'
import { debianPackage } from './support/tools.ts'

const ROOT = join(import.meta.dirname, '../..')
const Rules = Type.Object({
  spec: Type.Object({
    groups: Type.Array(
      Type.Object({
        name: Type.String(),
        rules: Type.Array(
          Type.Object({
            alert: Type.Optional(Type.String()),
            record: Type.Optional(Type.String()),
            expr: Type.String(),
            for: Type.Optional(Type.String()),
            labels: Type.Optional(Type.Record(Type.String(), Type.String())),
            annotations: Type.Optional(Type.Object({ summary: Type.String(), runbook_url: Type.String() })),
          }),
        ),
      }),
    ),
  }),
})

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

async function readRules() {
  return Value.Parse(Rules, parse(await readFile(join(ROOT, 'deploy/monitoring/rules.yaml'), 'utf8'))).spec
}
