import { type ChildProcess, spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { output } from './command.ts'
import type { Stage } from './dockerfile.ts'
import { CACHE, debianPackage } from './tools.ts'

const PROJECT = join(import.meta.dirname, '../../..')
/** The libraries that the base of the runner's image has for programs (distroless `cc`), and no others. */
const RUNTIME_BASE = ['libc6', 'libgcc-s1', 'libstdc++6']
/** Puts the libraries of an unpacked package into a root. */
const TAKE = 'cd "$1" && find lib lib64 usr/lib ! -type d 2>/dev/null | tar -cf - -T - | tar -xf - -C "$2"'
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/** A root of a file system with what an image has. */
export interface CleanRoot extends AsyncDisposable {
  readonly path: string
  /** Starts a program in it as user 10001; only /data and /tmp can be written to. */
  start(program: readonly string[], env: Readonly<Record<string, string>>): ChildProcess
}

/**
 * Does what the Dockerfile does for one of its targets, with a copy of what is in git: assembles what is built, makes a
 * base, and carries out COPY and RUN of the target in it. Takes minutes; needs root.
 */
export async function assembleRoot(target: Stage): Promise<CleanRoot> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'notebook-runner-image-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [source, path, out] = [join(folder, 'source'), join(folder, 'root'), join(folder, 'out')]
  for (const each of ['', 'data', 'tmp', 'etc', 'proc', 'dev', 'usr/lib'])
    await mkdir(join(path, each), { recursive: true })
  await mkdir(source)
  const copy = 'git ls-files -z | tar --null --files-from=- --create | tar --extract --directory="$1"'
  await output('sh', ['-c', copy, 'sh', source], { cwd: PROJECT })
  const script = join(source, 'deploy/image/assemble.sh')
  const single = target.name === 'single'
  await output('sh', single ? [script, source, out, 'single'] : [script, source, out])
  if (single) await output('cp', ['-a', `${await notebookBase()}/.`, path])
  else
    for (const name of RUNTIME_BASE) await output('sh', ['-c', TAKE, 'sh', await debianPackage(name), path])
  await carryOut(target, folder, path)
  const open = stack.move()
  return {
    path,
    start(program, env) {
      // A mount namespace of its own: its mounts are gone with it.
      const script = [
        'mount --bind "$1" "$1"',
        'mount -t tmpfs -o uid=10001,gid=10001 data "$1/data"',
        'mount -t tmpfs -o mode=1777 tmp "$1/tmp"',
        'mount --rbind /proc "$1/proc"',
        'mount --rbind /dev "$1/dev"',
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

/** COPY and RUN of a target, in its root. What other stages made is in `folder`. Throws at a COPY of another form. */
async function carryOut(target: Stage, folder: string, root: string): Promise<void> {
  for (const { name, text } of target.instructions) {
    if (name === 'COPY') {
      const [, from, to] = /^--from=build(?:-single)? \/(out\/\S+) \/(\S+)$/.exec(text) ?? []
      if (from === undefined || to === undefined) throw new Error(`COPY ${text} is not understood`)
      await mkdir(join(root, to), { recursive: true })
      await output('cp', ['-a', '--no-preserve=ownership', `${join(folder, from)}/.`, join(root, to)])
    }
    if (name === 'RUN') {
      // Names and certificates, as an engine gives a container that is built.
      for (const each of ['/etc/resolv.conf', CERTIFICATES]) await output('cp', [each, join(root, each)])
      const env = { PATH: process.env['PATH'], HOME: '/root', PIP_CERT: CERTIFICATES }
      await output('chroot', [root, '/bin/sh', '-c', text], { env })
    }
  }
}

/** The smallest Debian with Python that can make environments: made once, by the machine's own release and mirror. */
async function notebookBase(): Promise<string> {
  const folder = join(CACHE, 'notebook-base')
  const there = await access(folder).then(
    () => true,
    () => false,
  )
  if (there) return folder
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  const tool = await debianPackage('debootstrap')
  const sources = await output('apt-get', [
    'indextargets',
    '--format',
    '$(SITE) $(RELEASE)',
    'Created-By: Packages',
  ])
  const [mirror = '', release = ''] = sources.split('\n')[0]?.split(' ') ?? []
  const include = '--include=python3-venv,ca-certificates'
  await output(
    join(tool, 'usr/sbin/debootstrap'),
    ['--variant=minbase', include, release, unfinished, mirror],
    { env: { PATH: process.env['PATH'], DEBOOTSTRAP_DIR: join(tool, 'usr/share/debootstrap') } },
  )
  await rename(unfinished, folder)
  return folder
}
