import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { ROOT } from './parts.mjs'

/** A failure that is explained by its message alone. */
export class SetupError extends Error {}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** Stops what was started. */
export function stopCommands() {
  for (const child of running) child.kill('SIGTERM')
}

/**
 * The programs of the project's own node_modules are left out: npm replaces them while it runs.
 * @returns {NodeJS.ProcessEnv}
 */
function environment() {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(ROOT, 'node_modules')))
  const { VIRTUAL_ENV: _active, ...rest } = process.env
  return { ...rest, PATH: path.join(delimiter) }
}

/**
 * Runs a program to its end; its output is shown only when it fails.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<string>} what it printed
 */
export async function command(program, args, { cwd = ROOT } = {}) {
  const child = spawn(program, args, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  try {
    const how = await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(signal ?? code))
    })
    if (how === 0) return output
    throw new SetupError(`${output.trimEnd()}\n\n\`${[program, ...args].join(' ')}\` failed (${how}).`)
  } finally {
    running.delete(child)
  }
}
