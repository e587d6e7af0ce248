import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Around {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs the real command line as a process. The settings are those given, and none of the machine's. */
export function runner(args: readonly string[], around: Around = {}): Promise<Ended> {
  return ended(join(root, 'notebook-runner'), args, around)
}

/** Runs the real papermill. */
export function papermill(args: readonly string[], around: Around = {}): Promise<Ended> {
  return ended(join(root, '.venv-oracle/bin/papermill'), args, around)
}

/** Runs command lines of papermill one after the other in one process, as it takes a second to start. */
export function papermillLines(lines: ReadonlyArray<readonly string[]>, cwd: string): Promise<Ended> {
  const program = join(root, 'test/oracle/papermill_cli.py')
  return ended(join(root, '.venv-oracle/bin/python'), [program], { input: JSON.stringify(lines), cwd })
}

/** Runs a Python program where papermill and PyYAML are. */
export function python(program: string, input: string): Promise<Ended> {
  return ended(join(root, '.venv-oracle/bin/python'), ['-c', program], { input })
}

function ended(file: string, args: readonly string[], { input = '', cwd, env = {} }: Around): Promise<Ended> {
  const child = spawn(file, args, { cwd, env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env } })
  const out = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text
    })
  }
  // A program that ends without reading its input is no fault.
  child.stdin.on('error', () => {}).end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...out }))
  })
}
