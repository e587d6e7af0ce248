import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonValue } from '../../src/notebook/json.ts'
import type { Shown } from './shown.ts'

/** A real interpreter or compiler of one of the languages. */
export interface Interpreter {
  /** With its version, as the goldens name it. */
  readonly name: string
  /** Whether that is the value which went in. */
  isSame(value: JsonValue, shown: Shown): boolean
  /** Which literals and names it can judge (all, where not given): a dialect reads some otherwise. */
  canJudge?(literal: string): boolean
  /** Runs each cell, in which a variable `x` is assigned, by itself; what `x` is then, or the error. */
  run(cells: readonly string[]): Promise<Outcome[]>
}

export type Outcome = { readonly shown: Shown } | { readonly error: string }

/** What a machine lacks for an interpreter, and how to get it. */
export interface Missing {
  readonly missing: string
}

export const root = join(import.meta.dirname, '../..')
/** Where what the registries give is kept, so that the second run finds it. */
export const cache = join(root, '.cache/interpreters')

/** Makes a folder for one run and removes it after. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'run-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end; `code` is null where there is no such command. */
export function command(name: string, args: readonly string[], cwd = root, input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(name, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', (error) => resolve({ code: null, stdout: '', stderr: error.message }))
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** Finds a command, or installs the Debian package that has it where that is possible. */
export async function debian(
  executable: string,
  ...packages: readonly string[]
): Promise<Missing | undefined> {
  if ((await command('which', [executable])).code === 0) return undefined
  const wanted = { missing: `"${executable}" (Debian packages: ${packages.join(' ')})` }
  if (process.getuid?.() !== 0 || (await command('which', ['apt-get'])).code !== 0) return wanted
  console.log(`installing ${packages.join(' ')}`)
  await command('apt-get', ['update'])
  const installed = await command('apt-get', ['install', '-y', '--no-install-recommends', ...packages])
  return installed.code === 0 ? undefined : wanted
}

/** Installs npm packages into a folder of the cache, once. */
export async function npm(name: string, ...packages: readonly string[]): Promise<string | Missing> {
  const folder = join(cache, name)
  mkdirSync(folder, { recursive: true })
  const have = await command('npm', ['ls', '--prefix', folder, ...packages])
  if (have.code === 0) return join(folder, 'node_modules')
  console.log(`installing ${packages.join(' ')}`)
  const installed = await command('npm', [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    ...packages,
  ])
  return installed.code === 0
    ? join(folder, 'node_modules')
    : { missing: `the npm packages ${packages.join(' ')}` }
}

/** One line of output for each cell: what was shown, or `!` and the error. */
export function outcomes(stdout: string, parse: (line: string) => Shown, count: number): Outcome[] {
  const lines = stdout.split('\n')
  return Array.from({ length: count }, (_, at) => {
    const line = lines[at] ?? '!it printed nothing'
    if (line.startsWith('!')) return { error: line.slice(1) }
    try {
      return { shown: parse(line) }
    } catch (error) {
      return { error: `${String(error)}: ${line}` }
    }
  })
}
