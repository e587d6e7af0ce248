import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, SetupError } from './command.mjs'
import { empty, PARTS, placeOf, stampPath, unfinishedPath } from './parts.mjs'

/** @typedef {import('./parts.mjs').Part} Part */

const NEEDED =
  'Python 3.10 or later with its `venv` module is needed (Debian and Ubuntu: `apt install python3-venv`).'

/**
 * A Python environment that holds exactly the pinned packages of the part's list. One that is there already is
 * brought up to date.
 * @param {Part} part
 */
export async function installEnvironment(part) {
  if (await isOutOfPlace(part)) {
    empty(part)
    writeFileSync(unfinishedPath(part), '')
  }
  const python = join(part.folder, part.program)
  const uv = join(PARTS.kernels.folder, 'bin/uv')
  if (part !== PARTS.kernels) {
    if (!existsSync(python))
      await command(uv, ['venv', '--quiet', '--allow-existing', '--python', await basePython(), part.folder])
  } else {
    if (!existsSync(python)) await command(await basePython(), ['-m', 'venv', part.folder])
    await installUv(python, uv)
  }
  await command(uv, ['pip', 'sync', '--python', python, part.list])
}

/**
 * True when the environment was made elsewhere, or by a Python that has gone or changed.
 * @param {Part} part
 */
async function isOutOfPlace(part) {
  const python = join(part.folder, part.program)
  if (!existsSync(python)) return true
  if (existsSync(stampPath(part))) {
    const made = readFileSync(stampPath(part), 'utf8').split('\n').slice(0, -1)
    if (made.join('\n') !== placeOf(part).join('\n')) return true
  }
  return !(await isRecent(python))
}

/**
 * @param {string} python
 * @param {string} uv
 */
async function installUv(python, uv) {
  const pinned = /^uv==(\S+)/m.exec(readFileSync(PARTS.kernels.list, 'utf8'))?.[1]
  const installed = await command(uv, ['--version']).catch(() => '')
  if (installed.split(' ')[1] === pinned) return
  await command(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `uv==${pinned}`])
}

/** The machine's own Python. */
async function basePython() {
  for (const name of [
    'python3',
    'python3.14',
    'python3.13',
    'python3.12',
    'python3.11',
    'python3.10',
    'python',
  ]) {
    if (!(await isRecent(name))) continue
    if (await runs(name, 'import ensurepip, venv')) return name
    throw new SetupError(`${name} is there, but without its \`venv\` module. ${NEEDED}`)
  }
  throw new SetupError(`No Python that is recent enough was found. ${NEEDED}`)
}

/** @param {string} python */
function isRecent(python) {
  return runs(python, 'import sys; sys.exit(sys.version_info < (3, 10))')
}

/**
 * @param {string} python
 * @param {string} code
 */
async function runs(python, code) {
  return command(python, ['-c', code]).then(
    () => true,
    () => false,
  )
}
