import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
/** Papermill and the kernel that everything here runs in: one for all sides. */
export const ENVIRONMENT = join(ROOT, '.cache/reference')

export const PAPERMILL = join(ENVIRONMENT, 'bin/papermill')
export const RUNNER = join(ROOT, 'notebook-runner')

/** Milliseconds that a whole process takes, to its end. Throws where it fails. */
export function timed([command = '', ...args]: readonly string[]): number {
  const begun = performance.now()
  output([command, ...args])
  return performance.now() - begun
}

/** What it prints. Throws where it fails. */
function output([command = '', ...args]: readonly string[]): string {
  const env = { ...process.env, VIRTUAL_ENV: ENVIRONMENT, PATH: `${ENVIRONMENT}/bin:${process.env['PATH']}` }
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 1e9 })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
  return stdout
}

/** Seconds that a bare kernel takes to start, and for so many trivial cells. */
export function bareKernel(cells: number): { readonly start: number; readonly cells: number } {
  const text = output([
    join(ENVIRONMENT, 'bin/python'),
    join(ROOT, 'bench/reference/bare_kernel.py'),
    `${cells}`,
  ])
  const found: unknown = JSON.parse(text)
  if (typeof found !== 'object' || found === null || !('start' in found) || !('cells' in found))
    throw new Error(`The bare kernel said ${text}`)
  return { start: Number(found.start), cells: Number(found.cells) }
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
