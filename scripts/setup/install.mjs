import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, stopCommands } from './command.mjs'
import { takeLock } from './lock.mjs'
import { installPackages } from './packages.mjs'
import { empty, isReady, PARTS, ROOT, stampOf, stampPath, unfinishedPath } from './parts.mjs'
import { installEnvironment } from './python.mjs'

/** @typedef {import('./parts.mjs').Part} Part */

/**
 * Installs those parts that are not ready, npm's and Python's at the same time, and says on stderr what takes long.
 * @param {readonly Part[]} wanted
 * @returns {Promise<number>} the exit code
 */
export async function install(wanted) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(signal, () => {
      stopCommands()
      process.exit(1)
    })
  const cache = join(ROOT, '.cache')
  const release = await takeLock(cache, (pid) =>
    say(`Another set-up (process ${pid}) is at work; waiting for it …`),
  )
  try {
    const missing = wanted.filter((part) => !isReady(part))
    const packages = missing
      .filter((part) => part === PARTS.packages)
      .map((part) => finish(part, installPackages))
    const environments = missing.filter((part) => part !== PARTS.packages)
    const results = await Promise.allSettled([...packages, oneByOne(environments)])
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    for (const failure of failures)
      say(failure instanceof SetupError ? failure.message : String(failure?.stack ?? failure))
    return failures.length > 0 ? 1 : 0
  } finally {
    release()
  }
}

/**
 * The oracles' environment is made with the kernels' `uv`.
 * @param {Part[]} environments
 */
async function oneByOne(environments) {
  for (const part of environments) await finish(part, installEnvironment)
}

/**
 * @param {Part} part
 * @param {(part: Part) => Promise<void>} work
 */
async function finish(part, work) {
  const first = !existsSync(stampPath(part))
  if (existsSync(unfinishedPath(part))) empty(part)
  mkdirSync(part.folder, { recursive: true })
  writeFileSync(unfinishedPath(part), '')
  say(`Installing ${part.title}${first ? ', the first time: up to a minute' : ''} …`)
  const start = performance.now()
  await work(part)
  writeFileSync(stampPath(part), stampOf(part))
  rmSync(unfinishedPath(part))
  say(`Installed ${part.title} in ${Math.round((performance.now() - start) / 1000)} s.`)
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
