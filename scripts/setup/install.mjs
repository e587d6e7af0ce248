import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, stopCommands } from './command.mjs'
import { installKeycloak } from './keycloak.mjs'
import { takeLock } from './lock.mjs'
import { installPackages } from './packages.mjs'
import { buildPages } from './pages.mjs'
import { empty, isReady, PARTS, ROOT, stampOf, stampPath, unfinishedPath } from './parts.mjs'
import { installEnvironment } from './python.mjs'

/** @typedef {import('./parts.mjs').Part} Part */

/**
 * Installs those parts that are not ready, npm's, Python's and Java's at the same time, and says on stderr what takes long.
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
    const { packages, pages, keycloak } = PARTS
    const results = await Promise.allSettled([
      packagesThenPages(missing.filter((part) => part === packages || part === pages)),
      ...(missing.includes(keycloak) ? [finish(keycloak, installKeycloak)] : []),
      oneByOne(missing.filter((part) => part !== packages && part !== pages && part !== keycloak)),
    ])
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    for (const failure of failures)
      say(failure instanceof SetupError ? failure.message : String(failure?.stack ?? failure))
    return failures.length > 0 ? 1 : 0
  } finally {
    release()
  }
}

/**
 * The pages are built with programs of the packages.
 * @param {Part[]} parts
 */
async function packagesThenPages(parts) {
  const { packages, pages } = PARTS
  if (parts.includes(packages)) await finish(packages, installPackages)
  if (parts.includes(pages)) await finish(pages, buildPages)
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
  const [doing, done] = part === PARTS.pages ? ['Building', 'Built'] : ['Installing', 'Installed']
  say(`${doing} ${part.title}${first ? `, the first time: ${part.takes ?? 'up to a minute'}` : ''} …`)
  const start = performance.now()
  await work(part)
  writeFileSync(stampPath(part), stampOf(part))
  rmSync(unfinishedPath(part))
  say(`${done} ${part.title} in ${Math.round((performance.now() - start) / 1000)} s.`)
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
