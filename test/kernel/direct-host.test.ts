import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DirectHost } from '../../src/kernel/direct-host.ts'
import { Cells, found } from '../support/cells.ts'
import { KERNEL_PYTHON } from '../support/jupyter.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { hostContract } from './host-contract.ts'

const soon = () => AbortSignal.timeout(60_000)

describe('kernels as processes of ours', () => {
  hostContract(async () => {
    const temporary = await tempFolder()
    const folder = await realpath(temporary.path)
    const host = new DirectHost({ python: KERNEL_PYTHON, environment: process.env })
    return {
      host,
      folder: (name) => join(folder, name),
      place: (name) => join(folder, name),
      async [Symbol.asyncDispose]() {
        await host[Symbol.asyncDispose]()
        await temporary[Symbol.asyncDispose]()
      },
    }
  })

  it('keep nothing of our environment but what notebooks need', async () => {
    await using folder = await tempFolder()
    const secret = randomBytes(12).toString('hex')
    const environment = { ...process.env, RUNNER_TOKEN: secret, OMP_NUM_THREADS: '2' }
    await using host = new DirectHost({ python: KERNEL_PYTHON, environment })
    const cells = await startCells(host, 'python3', folder.path)
    const { text } = await cells.run('import os; print(dict(os.environ))')
    expect(text).toContain("'OMP_NUM_THREADS': '2'")
    expect(text).not.toContain(secret)
  })

  it('end with all that they started', async () => {
    await using folder = await tempFolder()
    await using host = new DirectHost({ python: KERNEL_PYTHON, environment: process.env })
    const cells = await startCells(host, 'python3', folder.path)
    const code = 'import subprocess; print(subprocess.Popen(["sleep", "600"]).pid)'
    const pid = Number((await cells.run(code)).text)
    expect(process.kill(pid, 0)).toBe(true)
    await host.shutdown(cells.connection.kernelId)
    await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false)
  })

  it('end with us, even when we are killed', async () => {
    await using folder = await tempFolder()
    const main = join(import.meta.dirname, '../support/direct-kernel-main.ts')
    const child = spawn(process.execPath, [main, KERNEL_PYTHON, folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output] = await once(child.stdout, 'data')
    const pid = Number(String(output))
    expect(isThere(pid)).toBe(true)
    child.kill('SIGKILL')
    await expect.poll(() => isThere(pid), { timeout: 30_000 }).toBe(false)
  })

  it('are found where Jupyter finds them, and spoken to as their kernelspec says', async () => {
    await using folder = await tempFolder()
    const kernels = join(folder.path, 'share/kernels')
    const add = async (name: string, spec: object) => {
      await mkdir(join(kernels, name), { recursive: true })
      await writeFile(join(kernels, name, 'kernel.json'), JSON.stringify(spec))
    }
    const argv = [KERNEL_PYTHON, '-m', 'ipykernel_launcher', '-f', '{connection_file}']
    // Any other language listens on ports.
    await add('other', {
      argv,
      language: 'other',
      display_name: 'Other',
      interrupt_mode: 'message',
      env: { WHERE: '${HOME}/x', KEPT: '${NOT_THERE}' },
    })
    await add('broken', {
      argv: [KERNEL_PYTHON, '-c', 'raise SystemExit("no such luck")'],
      language: 'python',
    })
    await add('missing', { argv: [join(folder.path, 'nothing')], language: 'python' })
    await add('nonsense', { argv: 'text' })
    const environment = { ...process.env, JUPYTER_PATH: join(folder.path, 'share'), HOME: folder.path }
    await using host = new DirectHost({ python: KERNEL_PYTHON, environment })
    const names = (await host.kernelspecs()).kernelspecs.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['other', 'broken', 'missing', 'python3']))
    expect(names).not.toContain('nonsense')

    const cells = await startCells(host, 'other', folder.path)
    const { text } = await cells.run('import os; print(os.environ["WHERE"], os.environ["KEPT"])')
    expect(text).toBe(`${folder.path}/x \${NOT_THERE}\n`)
    const id = cells.send('print("begun", flush=True); import time; time.sleep(60)')
    for (;;) {
      const event = await cells.next()
      if (event?.kind === 'message' && event.type === 'stream') break
    }
    await host.interrupt(cells.connection.kernelId)
    expect(found((await cells.finish(id)).messages, 'error', 'ename')).toBe('KeyboardInterrupt')

    for (const kernelName of ['broken', 'missing']) {
      await expect(
        host.start({ kernelName, folder: folder.path, environment: {} }, soon()),
      ).rejects.toMatchObject({
        code: 'kernel-host-failed',
        message: expect.stringContaining(`The kernel ${kernelName} ended while it started.`),
      })
    }
  })
})

async function startCells(host: DirectHost, kernelName: string, folder: string): Promise<Cells> {
  const kernelId = await host.start({ kernelName, folder, environment: {} }, soon())
  return new Cells(await host.connect(kernelId, randomUUID(), soon()))
}

/** A process that has ended and was not waited for (a zombie) is there for `kill`; nobody is left to wait for ours. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
