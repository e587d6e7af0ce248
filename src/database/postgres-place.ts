import { execFile } from 'node:child_process'
import {
  access,
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { RunnerError } from '../errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'

/** Whom PostgreSQL runs as, where that is not us: it refuses to run as root. */
export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

const run = promisify(execFile)
const NAME = 'postgres'
const INSTEAD = 'Or set DATABASE_URL to a PostgreSQL of your own.'

/** Undefined where we are not root. As root the user `postgres`, made if missing. Throws `database-failed`. */
export async function systemUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    return await lookUp()
  } catch {
    try {
      await run('groupadd', ['--force', '--system', NAME])
      const nowhere = ['--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin']
      await run('useradd', ['--system', '--no-create-home', ...nowhere, '--gid', NAME, NAME])
      return await lookUp()
    } catch (cause) {
      const message = `PostgreSQL does not run as root, and the system user ${NAME} could not be made: start as another user than root. ${INSTEAD}`
      throw new RunnerError('database-failed', message, { cause })
    }
  }
}

async function lookUp(): Promise<SystemUser> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, NAME])).stdout)),
  )
  if (!uid || !gid) throw new Error(`no user ${NAME}`)
  return { uid, gid }
}

/** True where the user may pass through every folder down to `path`, which is one itself. */
export async function reaches(user: SystemUser | undefined, path: string): Promise<boolean> {
  if (user === undefined) return true
  for (let folder = await realpath(path); ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/**
 * The folder of `bin`, `lib` and `share` to start from: the package's own, or a copy under `elsewhere` where the
 * user can't reach the package (a project below `/root`). Throws `database-failed`.
 */
export async function placeBinaries(
  { native, version }: PostgresBinaries,
  user: SystemUser | undefined,
  elsewhere: string,
): Promise<string> {
  if (await reaches(user, native)) return native
  const copy = join(elsewhere, `postgresql-${version}`)
  if (await exists(copy)) return copy
  return placing(elsewhere, native, async () => {
    const half = await mkdtemp(`${copy}-`)
    try {
      await cp(native, half, { recursive: true, verbatimSymlinks: true })
      await chmod(half, 0o755)
      await rename(half, copy)
    } catch (error) {
      await rm(half, { recursive: true, force: true })
      // Another one of us was quicker.
      if (!(await exists(copy))) throw error
    }
    return copy
  })
}

/**
 * Where the data of the database lies: `data` in our folder, or, where the user can't reach that, a folder under
 * `elsewhere`, which `data` is then a link to, so that it is found again whatever changes later. The folder of the
 * data is there afterwards, and the user's; the data may not be. Throws `database-failed`.
 */
export async function placeData(
  folder: string,
  user: SystemUser | undefined,
  elsewhere: string,
): Promise<string> {
  const data = join(folder, 'data')
  const found = await lstat(data).catch(() => undefined)
  if (found !== undefined) {
    const real = await realpath(data).catch(() => undefined)
    if (real !== undefined && (await reaches(user, dirname(real)))) return real
    const message =
      real === undefined
        ? `The database is not where ${data} points to: bring it back, or remove that link to start with an empty one.`
        : `The database in ${real} can't be reached by the system user ${NAME}: let it pass through every folder above. ${INSTEAD}`
    throw new RunnerError('database-failed', message)
  }
  if (await reaches(user, folder)) return data
  return placing(elsewhere, folder, async () => {
    const own = await mkdtemp(join(elsewhere, 'data-'))
    await chmod(own, 0o711)
    await symlink(join(own, 'data'), data)
    return join(own, 'data')
  })
}

async function placing(elsewhere: string, what: string, place: () => Promise<string>): Promise<string> {
  try {
    await mkdir(elsewhere, { recursive: true })
    await chmod(elsewhere, 0o755)
    return await place()
  } catch (cause) {
    const message = `PostgreSQL runs as the system user ${NAME}, who can't reach ${what}, and no place could be made in ${elsewhere}: put it where that user can pass through every folder. ${INSTEAD}`
    throw new RunnerError('database-failed', message, { cause })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Gives a folder of ours to the user, for it alone (and root). */
export async function giveTo(user: SystemUser | undefined, folder: string): Promise<void> {
  await chmod(folder, 0o700)
  if (user !== undefined) await chown(folder, user.uid, user.gid)
}
