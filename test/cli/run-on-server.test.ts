import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobOf, jobsOf } from '../support/answers.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { runner as command } from './command-line.ts'

const BREAKS_AFTER_MS = 700
const PROGRAM = join(import.meta.dirname, '../../notebook-runner')

let stack: AsyncDisposableStack
let folder: string
let server: TestRunner

function notebook(...sources: readonly string[]): string {
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    id: `cell${index}`,
    metadata: { tags: index === 0 ? ['parameters'] : [] },
    source,
    outputs: [],
    execution_count: null,
  }))
  const metadata = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } }
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 })
}

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await temporaryDataDir()).path
  const catalogue = join(folder, 'notebooks')
  await mkdir(catalogue)
  const parameters = 'x: int = 1\nname: str = "a"\nitems: list[float] = []\npause: float = 0.0'
  const counting = 'import time\nfor n in range(5):\n    print("n", n, flush=True)\n    time.sleep(pause)'
  await writeFile(
    join(catalogue, 'sum.ipynb'),
    notebook(parameters, counting, 'print(x * 2, repr(name), items)'),
  )
  await writeFile(join(catalogue, 'fails.ipynb'), notebook(parameters, '1/0'))
  server = stack.use(await startRunner({ DATA_DIR: join(folder, 'data'), CONFIG_URL: catalogue }))
}, 240_000)
afterAll(() => stack?.disposeAsync())

const on = (url: string, ...args: string[]) =>
  command(['run', '--server', url, ...args], { cwd: folder, env: { RUNNER_TOKEN: server.token } })
const written = async (name: string) => readFile(join(folder, name), 'utf8')
const jobs = async () => (await jobsOf(await server.program('/jobs?limit=100'))).jobs

describe('run --server', { timeout: 240_000 }, () => {
  it('under limits that are chosen, as far as the server lets it', async () => {
    const limits = ['--execution-timeout', '50', '--run-timeout', '70', '--idle-timeout', '40']
    const { code } = await on(server.url, 'sum', 'limited.ipynb', ...limits, '--output-bytes', '5000')
    expect(code).toBe(0)
    const [newest] = await jobs()
    expect(newest?.limits).toMatchObject({
      ...{ cellSeconds: 50, runSeconds: 70, silentSeconds: 40, outputBytes: 5000 },
    })
    const refused = await on(server.url, 'sum', 'limited.ipynb', '--run-timeout', '86401')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('from 1 to 86400; got 86401') })
  })

  it('executes there, shows how far it is and what is printed, and writes the notebook here', async () => {
    const { code, stdout, stderr } = await on(
      server.url,
      ...['sum', 'out-{x}.ipynb', '-p', 'x', '21', '-p', 'name', '7', '-y', 'items: [1.0, 2.5]'],
      ...['--log-output', '--progress-bar'],
    )
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('n 4\n')
    expect(stderr).toContain('4/4 cells')
    expect(await written('out-21.ipynb')).toContain(`42 '7' [1.0, 2.5]`)
    const standard = await on(server.url, 'sum')
    expect(JSON.parse(standard.stdout).cells).toHaveLength(4)
  })

  it('ends with 1 where the run fails, and writes how far it came', async () => {
    const { code, stderr } = await on(server.url, 'fails', 'failed.ipynb')
    expect(code).toBe(1)
    expect(stderr).toMatch(/ZeroDivisionError.*\/jobs\//s)
    expect(await written('failed.ipynb')).toContain('ZeroDivisionError')
  })

  it('says what the server says is wrong', async () => {
    const wrong = await on(server.url, 'sum', 'never.ipynb', '-p', 'x', 'ten', '-p', 'nam', 'a')
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/x: expected.*nam.*did you mean name\?/s)
    expect((await on(server.url, 'sun', 'never.ipynb')).stderr).toContain('sun')
    const stranger = await command([
      'run',
      '--server',
      server.url,
      'sum',
      'never.ipynb',
      '--token',
      'not-the-token',
    ])
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('token')])
    await expect(written('never.ipynb')).rejects.toThrow()
  })

  it('refuses a notebook of this machine, and what is for this machine only, by name', async () => {
    for (const path of ['notebooks/sum.ipynb', 'sum.ipynb', '-', './sum', 'data']) {
      const { code, stderr } = await on(server.url, path, 'never.ipynb')
      expect([path, code, stderr]).toEqual([
        path,
        2,
        expect.stringContaining(`"${path}" is a notebook of this machine`),
      ])
    }
    expect((await on(server.url, 'notebooks/sum.ipynb')).stderr).toContain('such as sum.')
    const { code, stderr } = await on(server.url, 'sum', 'x.ipynb', '--cwd', '/', '--prepare')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--prepare is refused.*--cwd is refused/s)])
    expect((await on('ftp://x', 'sum')).code).toBe(2)
    expect((await command(['run', '--server', server.url, 'sum'])).stderr).toContain('RUNNER_TOKEN')
    expect((await command(['run', 'x.ipynb', '--workspace', 'a'])).stderr).toContain('are for --server')
  })

  it('cancels for real at Ctrl-C, and waits for the end', async () => {
    const child = spawn(
      PROGRAM,
      ['run', '--server', server.url, 'sum', 'cancelled.ipynb', '-p', 'pause', '60', '--log-output'],
      { cwd: folder, env: { PATH: process.env['PATH'], RUNNER_TOKEN: server.token } },
    )
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const gone = once(child, 'exit')
    await expect.poll(() => stderr, { timeout: 60_000 }).toContain('n 0')
    child.kill('SIGINT')
    expect((await gone)[0]).toBe(1)
    expect(stderr).toMatch(/is being cancelled/)
    const [run] = await jobs()
    expect(run).toMatchObject({ state: 'cancelled', status: 'dismissed' })
    expect(await written('cancelled.ipynb')).toContain('n 0')
  })

  it('goes on where the connection broke, and makes no second run', async () => {
    const before = (await jobs()).length
    await using proxy = await breakingProxy(new URL(server.url))
    const { code, stderr } = await on(
      proxy.url,
      ...['sum', 'broken.ipynb', '-p', 'pause', '0.4', '--log-output'],
    )
    expect(code).toBe(0)
    // Each number once: what came before a break is not told again.
    expect(stderr.match(/^n \d$/gm)).toEqual(['n 0', 'n 1', 'n 2', 'n 3', 'n 4'])
    expect(proxy.broken()).toBeGreaterThan(2)
    const after = await jobs()
    expect(after.length).toBe(before + 1)
    expect(await jobOf(await server.program(`/jobs/${after[0]?.jobID}`))).toMatchObject({
      state: 'succeeded',
    })
  })
})

/** Passes everything on, and breaks each connection: the first before any answer comes back, others after a while. */
async function breakingProxy(
  target: URL,
): Promise<AsyncDisposable & { readonly url: string; broken(): number }> {
  let count = 0
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const first = count++ === 0
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.pipe(upstream)
    if (first) {
      upstream.once('data', () => client.destroy())
    } else {
      upstream.pipe(client)
      setTimeout(() => client.destroy(), BREAKS_AFTER_MS).unref()
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    broken: () => count,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
