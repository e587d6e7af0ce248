import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from './command.mjs'
import { empty, ROOT, unfinishedPath } from './parts.mjs'

/** @typedef {import('./parts.mjs').Part} Part */

/**
 * The pages that the server serves, of `web`.
 * @param {Part} part
 */
export async function buildPages(part) {
  empty(part)
  writeFileSync(unfinishedPath(part), '')
  await command(join(ROOT, 'node_modules/.bin/node'), [
    join(ROOT, 'node_modules/vite/bin/vite.js'),
    'build',
    '--logLevel=warn',
    join(ROOT, 'web'),
  ])
}
