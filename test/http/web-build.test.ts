import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readWebBuild } from '../../src/http/web-build.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MAIN = { file: 'assets/main-1.js', css: ['assets/main-1.css'], isEntry: true }
const FRAME = { file: 'assets/frame-1.js' }

async function read(manifest: string | undefined) {
  await using folder = await tempFolder()
  await mkdir(folder.path, { recursive: true })
  if (manifest !== undefined) await writeFile(join(folder.path, 'manifest.json'), manifest)
  const { assets, ...found } = readWebBuild(folder.path)
  expect(assets).toBe(join(folder.path, 'assets'))
  return found
}

const given = (main: unknown, frame: unknown) =>
  read(
    JSON.stringify({ 'src/main.tsx': main, 'src/frame/main.ts': frame, 'other.svg': { file: 'other.svg' } }),
  )

it('reads what was built', async () => {
  const found = { script: 'assets/main-1.js', frameScript: 'assets/frame-1.js' }
  expect(await given(MAIN, FRAME)).toEqual({ ...found, styles: ['assets/main-1.css'] })
  expect(await given({ file: 'assets/main-1.js' }, FRAME)).toEqual({ ...found, styles: [] })
})

it.each<readonly [string, () => Promise<unknown>]>([
  ['is not there', () => read(undefined)],
  ['is no JSON', () => read('{')],
  ['is no object', () => read('null')],
  ['lacks the pages', () => given(undefined, FRAME)],
  ['lacks the frame of outputs', () => given(MAIN, undefined)],
  ['has a script that is no text', () => given({ file: 1 }, FRAME)],
  ['has styles that are no list', () => given({ ...MAIN, css: 'main.css' }, FRAME)],
  ['has a style that is no text', () => given({ ...MAIN, css: [1] }, FRAME)],
])('says what to do where the list of what was built %s', async (_, reading) => {
  await expect(reading()).rejects.toMatchObject({
    code: 'invalid-settings',
    message: expect.stringContaining('`npm start` builds them'),
  })
})
