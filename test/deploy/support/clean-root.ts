import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { output } from './command.ts'
import { debianPackage } from './tools.ts'

const PROJECT = join(import.meta.dirname, '../../..')
/** The libraries that the base of the runner's image has for programs (distroless `cc`), and no others. */
const BASE = ['libc6', 'libgcc-s1', 'libstdc++6']
/** Puts the libraries of an unpacked package into a root. */
const TAKE = 'cd "$1" && find lib lib64 usr/lib ! -type d 2>/dev/null | tar -cf - -T - | tar -xf - -C "$2"'

/** A root of a file system with what the runner's image has: /app, and the libraries of its base. */
export interface CleanRoot extends AsyncDisposable {
  readonly path: string
  /** Starts a program in it as user 10001; only /data and /tmp can be written to. */
  start(program: readonly string[], env: Readonly<Record<string, string>>): ChildProcess
}

/** Does what the Dockerfile does for its target `runner`, with a copy of what is in git. Takes minutes; needs root. */
export async function assembleRoot(): Promise<CleanRoot> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'notebook-runner-image-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [source, path] = [join(folder, 'source'), join(folder, 'root')]
  for (const each of ['', 'data', 'tmp', 'etc', 'proc', 'dev'])
    await mkdir(join(path, each), { recursive: true })
  await mkdir(source)
  const copy = 'git ls-files -z | tar --null --files-from=- --create | tar --extract --directory="$1"'
  await output('sh', ['-c', copy, 'sh', source], { cwd: PROJECT })
  await output('sh', [join(source, 'deploy/image/assemble.sh'), source, path])
  for (const name of BASE) await output('sh', ['-c', TAKE, 'sh', await debianPackage(name), path])
  const open = stack.move()
  return {
    path,
    start(program, env) {
      // A mount namespace of its own: its mounts are gone with it.
      const script = [
        'mount --bind "$1" "$1"',
        'mount -t tmpfs -o uid=10001,gid=10001 data "$1/data"',
        'mount -t tmpfs -o mode=1777 tmp "$1/tmp"',
        'mount -o remount,bind,ro "$1"',
        'root=$1',
        'shift',
        'exec chroot --userspec=10001:10001 --groups= "$root" "$@"',
      ].join(' && ')
      return spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', path, ...program], {
        env: { PATH: process.env['PATH'], ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
