// Everything that can be known of the code without running it. All checks run, two at a time, and what they say comes
// before one line for each.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(fileURLToPath(import.meta.url), '../..')
const BIN = join(ROOT, 'node_modules/.bin')

/** @typedef {{ ok: boolean, output: string }} Outcome */

/** @type {[title: string, check: () => Promise<Outcome>][]} */
const CHECKS = [
  ['types', () => run('tsc', '-p', '.')],
  ['types of the pages', () => run('tsc', '-p', 'web')],
  ['types of the scripts', () => run('tsc', '-p', 'scripts')],
  ['lint and format', () => run('biome', 'ci', '--colors=off', '--error-on-warnings', '.')],
  ['unused code', () => run('knip', '--treat-config-hints-as-errors')],
  ['direction of imports', () => run('depcruise', '--config', '.dependency-cruiser.cjs', 'src')],
  ['lockfile', lockfile],
]

/**
 * @param {string} tool
 * @param {...string} args
 * @returns {Promise<Outcome>}
 */
function run(tool, ...args) {
  const { promise, resolve: done } = Promise.withResolvers()
  const child = spawn(join(BIN, tool), args, {
    cwd: ROOT,
    env: { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
    })
  child.on('error', (error) => done({ ok: false, output: error.message }))
  child.on('close', (code) => done({ ok: code === 0, output }))
  return promise
}

/**
 * The set-up installs by the lockfile but does not refuse one that lags behind package.json.
 * @returns {Promise<Outcome>}
 */
async function lockfile() {
  const [wanted, locked] = [read('package.json'), read('package-lock.json').packages['']]
  const stale = ['dependencies', 'devDependencies', 'optionalDependencies'].filter(
    (kind) => sorted(wanted[kind]) !== sorted(locked[kind]),
  )
  const output = stale.map(
    (kind) => `package-lock.json differs from package.json in ${kind}: run \`npm install\`.`,
  )
  return { ok: stale.length === 0, output: output.join('\n') }
}

/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))

/** @param {Record<string, string>} [versions] */
const sorted = (versions = {}) => JSON.stringify(Object.entries(versions).sort())

const summary = new Array(CHECKS.length).fill('')
const queue = CHECKS.entries()

async function work() {
  for (const [index, [title, check]] of queue) {
    const start = performance.now()
    const { ok, output } = await check()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    if (!ok) {
      process.exitCode = 1
      process.stdout.write(`\n── ${title} ──\n${output.trimEnd()}\n`)
    }
    summary[index] = `${ok ? 'ok    ' : 'FAILED'}  ${title} (${seconds} s)`
  }
}

await Promise.all([work(), work()])
process.stdout.write(`\n${summary.join('\n')}\n`)
