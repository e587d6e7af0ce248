import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readFigures } from '../../bench/scale/figures.ts'
import { scalePage } from '../../bench/scale/page.ts'

const PAGE = join(import.meta.dirname, '../../docs/scale.md')

it('docs/scale.md has the tables that `npm run scale` prints', async () => {
  expect(await readFile(PAGE, 'utf8')).toContain(scalePage(await readFigures()))
})
