import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FAULTS } from '../../src/doctor/faults.ts'

const GUIDE = join(import.meta.dirname, '../../docs/troubleshooting.md')

it('docs/troubleshooting.md has what doctor says of each fault, and where each is seen', async () => {
  const [before = '', table = ''] = (await readFile(GUIDE, 'utf8')).split('## By code')
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  expect(rows).toEqual(
    Object.entries(FAULTS).map(([code, { why, todo }]) => `| \`${code}\` | ${why} | ${todo} |`),
  )
  for (const code of Object.keys(FAULTS)) expect(before).toContain(`\`${code}\``)
  const named = [...before.matchAll(/`([a-z]+-[a-z-]+)`/g)].map(([, code]) => code)
  expect(named.filter((code) => code !== 'start-failed' && !Object.hasOwn(FAULTS, code ?? ''))).toEqual([])
})
