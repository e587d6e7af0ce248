import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Holds the lock for a moment and writes down when it had it; `--forever` never gives it back. */
const HOLDER = `
import { appendFileSync } from 'node:fs'
const { takeLock } = await import(process.argv[1])
const [folder, how] = process.argv.slice(2)
const release = await takeLock(folder, () => console.log('waiting'))
console.log('held')
appendFileSync(folder + '/log', 'in ')
await new Promise((resolve) => setTimeout(resolve, how === '--forever' ? 1e9 : 100))
appendFileSync(folder + '/log', 'out ')
release()
`

const holder = (folder: string, ...how: readonly string[]) => [
  '--input-type=module',
  '--eval',
  HOLDER,
  join(ROOT, 'scripts/setup/lock.mjs'),
  folder,
  ...how,
]

describe('the lock of the set-up', () => {
  it('is held by one at a time', async () => {
    await using folder = await tempFolder()
    await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, holder(folder.path))))
    expect(await readFile(join(folder.path, 'log'), 'utf8')).toBe('in out '.repeat(4))
  })

  it('passes on from one that was killed', async () => {
    await using folder = await tempFolder()
    const killed = spawn(process.execPath, holder(folder.path, '--forever'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(killed.stdout, 'data')
    const waiting = run(process.execPath, holder(folder.path))
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    expect((await waiting).stdout).toContain('held')
  })
})

describe('the command line from a checkout', () => {
  it('says what to do where nothing is installed', async () => {
    await using folder = await tempFolder()
    const command = join(folder.path, 'notebook-runner')
    await copyFile(join(ROOT, 'notebook-runner'), command)
    await expect(run(command, ['--version'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not installed yet: run `npm start`'),
    })
  })

  it('finds its folder through links', async () => {
    await using folder = await tempFolder()
    await mkdir(join(folder.path, 'bin'))
    await symlink(join(ROOT, 'notebook-runner'), join(folder.path, 'first'))
    await symlink('../first', join(folder.path, 'bin/second'))
    const { stdout } = await run(join(folder.path, 'bin/second'), ['--help'], { cwd: folder.path })
    expect(stdout).toContain('notebook-runner')
  })
})

describe('a finished set-up', () => {
  it('has nothing to do and says nothing', async () => {
    const { stdout, stderr } = await run(process.execPath, [join(ROOT, 'scripts/setup.mjs'), '--test'])
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
  })
})
