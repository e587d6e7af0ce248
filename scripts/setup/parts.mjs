import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../..')

/**
 * Something that is installed into a folder of its own. The stamp in that folder is written last, so a folder
 * without the right one is not finished.
 * @typedef {object} Part
 * @property {string} title
 * @property {string} folder
 * @property {string} list what to install
 * @property {string} [sources] folder of what it is made of, besides the list
 * @property {string} program
 * @property {boolean} movable
 * @property {string} [takes] the first time, where it is more than a minute
 */

/** @satisfies {Record<string, Part>} */
export const PARTS = {
  packages: {
    title: 'the npm packages',
    folder: join(ROOT, 'node_modules'),
    list: join(ROOT, 'package-lock.json'),
    program: '.bin/node',
    movable: true,
  },
  kernels: {
    title: 'the kernel environment (.venv: JupyterLab, numpy, rasterio, matplotlib)',
    folder: join(ROOT, '.venv'),
    list: join(ROOT, 'runtime/requirements.txt'),
    program: 'bin/python',
    movable: false,
  },
  oracles: {
    title: 'the environment of the test oracles (.venv-oracle: papermill, nbclient, an S3 server)',
    folder: join(ROOT, '.venv-oracle'),
    list: join(ROOT, 'test/oracle/requirements.txt'),
    program: 'bin/python',
    movable: false,
  },
  pages: {
    title: 'the pages (web/dist)',
    folder: join(ROOT, 'web/dist'),
    list: join(ROOT, 'package-lock.json'),
    sources: join(ROOT, 'web'),
    program: 'manifest.json',
    movable: true,
  },
  hub5: {
    title: 'the older JupyterHub of the tests (.cache/hub-5)',
    folder: join(ROOT, '.cache/hub-5'),
    list: join(ROOT, 'test/hub/requirements-5.txt'),
    program: 'bin/python',
    movable: false,
  },
  hub6: {
    title: 'the newer JupyterHub of the tests (.cache/hub-6)',
    folder: join(ROOT, '.cache/hub-6'),
    list: join(ROOT, 'test/hub/requirements-6.txt'),
    program: 'bin/python',
    movable: false,
  },
  platformHub: {
    title: 'the JupyterHub of the platform on this machine (.cache/platform-hub)',
    folder: join(ROOT, '.cache/platform-hub'),
    list: join(ROOT, 'test/platform/requirements.txt'),
    program: 'bin/python',
    movable: false,
  },
  keycloak: {
    title: 'Keycloak (.cache/keycloak)',
    folder: join(ROOT, '.cache/keycloak'),
    list: join(ROOT, 'test/platform/keycloak.txt'),
    program: 'bin/kc.sh',
    movable: false,
    takes: 'up to five minutes',
  },
  reference: {
    title: 'the service to compare with (.cache/reference: FastAPI, papermill)',
    folder: join(ROOT, '.cache/reference'),
    list: join(ROOT, 'bench/reference/requirements.txt'),
    program: 'bin/python',
    movable: false,
  },
}

/** @param {Part} part */
export const stampPath = (part) => join(part.folder, '.setup-stamp')

/**
 * There while a set-up is at work in the folder; what a killed set-up leaves behind with it is not to be trusted.
 * @param {Part} part
 */
export const unfinishedPath = (part) => join(part.folder, '.setup-unfinished')

/**
 * What the installed things depend on, a line each: the machine (a folder may be shared with a container), the list,
 * and for a Python environment, whose scripts name their interpreter by its path, where both are.
 * @param {Part} part
 */
export function stampOf(part) {
  const hash = createHash('sha256').update(readFileSync(part.list))
  for (const file of filesBelow(part.sources))
    if (!file.startsWith(part.folder)) hash.update(file).update(readFileSync(file))
  return [...placeOf(part), hash.digest('hex')].join('\n')
}

/**
 * @param {string} [folder]
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (folder === undefined) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/**
 * The lines of the stamp that no update of the list changes: when they differ, the folder is made anew.
 * @param {Part} part
 */
export function placeOf(part) {
  const machine = `${process.platform}-${process.arch}`
  if (part.movable) return [machine]
  return [machine, part.folder, realpathSync(join(part.folder, part.program))]
}

/** @param {Part} part */
export function isReady(part) {
  try {
    return (
      existsSync(join(part.folder, part.program)) && readFileSync(stampPath(part), 'utf8') === stampOf(part)
    )
  } catch {
    return false
  }
}

/**
 * Removes what is in the part's folder. The folder stays: it may be a mounted volume. What a killed set-up had
 * started may still be writing for a moment, hence the tries.
 * @param {Part} part
 */
export function empty(part) {
  for (const name of readdirSync(part.folder))
    rmSync(join(part.folder, name), { recursive: true, force: true, maxRetries: 40, retryDelay: 250 })
}
