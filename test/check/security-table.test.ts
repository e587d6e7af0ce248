import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hasFamily } from '../../scripts/security-table-reporter.mjs'
import config from '../security/vitest.config.ts'

const root = join(import.meta.dirname, '../..')

it('the table of `npm run security` has a family for each of its files', () => {
  const files = (config.test?.include ?? []).flatMap((pattern) => globSync(pattern, { cwd: root }))
  expect(files.length).toBeGreaterThan(20)
  expect(files.filter((file) => !hasFamily(file))).toEqual([])
})
