import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { papermill, runner } from './command-line.ts'
import { folderOf } from './folder.ts'

const root = join(import.meta.dirname, '../..')
let folder: Awaited<ReturnType<typeof folderOf>>

function notebook(...sources: readonly string[]): string {
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    id: `cell${index}`,
    metadata: { tags: index === 0 ? ['parameters'] : [] },
    source,
    outputs: [],
    execution_count: null,
  }))
  const metadata = {
    kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
    language_info: { name: 'python' },
  }
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 })
}

beforeAll(async () => {
  folder = await folderOf({
    'sum.ipynb': notebook('x = 1', 'import os\nprint("in", os.getcwd())\nx * 2'),
    'leaves.ipynb': notebook('x = 1', 'open("ran.txt", "w").close()'),
    'fails.ipynb': notebook('x = 1', '1/0', 'print("never")'),
    'sleeps.ipynb': notebook(
      'x = 1',
      'import time\nprint("begun", flush=True)\ntime.sleep(600)',
      'print("never")',
    ),
  })
})
afterAll(() => folder[Symbol.asyncDispose]())

const run = (...args: string[]) => runner(['run', ...args], { cwd: folder.path })

async function written(name: string) {
  const text = await readFile(join(folder.path, name), 'utf8')
  const { cells } = JSON.parse(text)
  const statuses = cells.flatMap(
    (cell: { metadata: { papermill?: { status?: string } } }) => cell.metadata.papermill?.status ?? [],
  )
  return { text, statuses }
}

describe('run', { timeout: 180_000 }, () => {
  it('executes the notebook in the current folder and writes it with its outputs', async () => {
    expect(await run('sum.ipynb', 'out.ipynb', '-p', 'x', '21')).toEqual({ code: 0, stdout: '', stderr: '' })
    const { text, statuses } = await written('out.ipynb')
    expect(text).toContain('"42"')
    expect(text).toContain(`in ${folder.path}`)
    expect(statuses).toEqual(['completed', 'completed', 'completed'])
  })

  it('leaves the outputs that papermill leaves', async () => {
    await run('sum.ipynb', 'ours.ipynb')
    await papermill(['sum.ipynb', 'theirs.ipynb', '--no-progress-bar'], {
      cwd: folder.path,
      env: { HOME: folder.path },
    })
    const outputs = async (name: string) =>
      JSON.parse((await written(name)).text).cells.map((cell: { outputs: unknown }) => cell.outputs)
    expect(await outputs('ours.ipynb')).toEqual(await outputs('theirs.ipynb'))
  })

  it.each(['nowhere/out.ipynb', '.'])('runs no cell where %s cannot be written', async (output) => {
    const { code, stderr } = await run('leaves.ipynb', output)
    expect(code).toBeGreaterThan(0)
    expect(stderr).toMatch(/The folder "nowhere" for the output does not exist|The output "." is a folder/)
    expect(existsSync(join(folder.path, 'ran.txt'))).toBe(false)
  })

  it('ends with 1 where a cell fails, and the notebook says which', async () => {
    const { code, stderr } = await run('fails.ipynb', 'failed.ipynb')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ZeroDivisionError') })
    expect((await written('failed.ipynb')).statuses).toEqual(['completed', 'failed', 'pending'])
  })

  it('shows how far it is and what cells print, where asked to', async () => {
    const { stderr } = await run('sum.ipynb', 'shown.ipynb', '--progress-bar', '--log-output')
    expect(stderr).toContain('2/2 cells')
    expect(stderr).toContain('in /')
  })

  it('ends a cell that takes longer than it may', async () => {
    const { code, stderr } = await run('sleeps.ipynb', 'late.ipynb', '--execution-timeout', '1')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('1 s') })
    expect((await written('late.ipynb')).statuses).toEqual(['completed', 'failed', 'pending'])
  })

  it.each([
    ['--run-timeout', 'The run took longer than 1 s'],
    ['--idle-timeout', 'gave no sign for 1 s'],
  ])('ends a run by %s', async (flag, words) => {
    const { code, stderr } = await run('sleeps.ipynb', 'late.ipynb', flag, '1')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(words) })
  })

  it('says which kernels there are where there is no such one', async () => {
    const { code, stderr } = await run('sum.ipynb', 'no.ipynb', '-k', 'pyton3')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('python3') })
  })

  it('is cancelled by Ctrl-C for real, kernel and all', async () => {
    const args = [join(root, 'src/main.ts'), 'run', 'sleeps.ipynb', 'cancelled.ipynb', '--log-output']
    const child: ChildProcess = spawn(join(root, 'node_modules/.bin/node'), args, {
      cwd: folder.path,
      env: { PATH: process.env['PATH'], HOME: folder.path },
    })
    let seen = ''
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (chunk) => {
        seen += chunk
        if (seen.includes('begun')) resolve()
      })
    })
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    expect(code).toBe(1)
    const { text, statuses } = await written('cancelled.ipynb')
    expect(text).toContain('begun')
    expect(statuses).toEqual(['completed', 'failed', 'pending'])
  })
})
