import { spawnSync } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

const PROJECT = join(import.meta.dirname, '../..')

/** A commit of this repository, or the reason why there is none to be had. */
export type VersionBefore =
  | { readonly kind: 'found'; readonly commit: string }
  | { readonly kind: 'none'; readonly why: string }

/**
 * The last commit before the newest migration, so that an upgrade has something to migrate. Where that commit needs other
 * packages than are installed, the first one after it that does not.
 */
export function versionBefore(): VersionBefore {
  const none = (why: string) => ({ kind: 'none', why }) as const
  if (git('rev-parse', '--is-inside-work-tree') !== 'true') return none('this is no clone of the repository')
  if (git('rev-parse', '--is-shallow-repository') === 'true')
    return none('this clone is shallow: the commits before are not in it')
  const newest = git('log', '-1', '--format=%H', '--diff-filter=A', '--', 'migrations')
  if (newest === undefined || newest === '') return none('no migration is committed')
  const since = git('log', '--reverse', '--format=%H', `${newest}..HEAD`, '--', 'package.json') ?? ''
  const candidates = [git('rev-parse', `${newest}^`) ?? '', ...since.split('\n')]
  const head = git('rev-parse', 'HEAD')
  const commit = candidates.find((each) => each !== '' && each !== head && fits(each))
  return commit === undefined
    ? none('no version before runs with the packages of this one')
    : { kind: 'found', commit }
}

/** Puts a version's files into a folder, with the packages and the built pages of this one. */
export async function unpackVersion(commit: string, folder: string): Promise<void> {
  await mkdir(join(folder, 'web'), { recursive: true })
  const script = 'git archive "$1" | tar -x -C "$2"'
  const { status, stderr } = spawnSync('sh', ['-ec', script, 'sh', commit, folder], {
    cwd: PROJECT,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${commit} could not be unpacked: ${stderr}`)
  for (const each of ['node_modules', 'web/dist']) await symlink(join(PROJECT, each), join(folder, each))
}

/** Whether all packages that a version needs are installed, by the same ranges. */
function fits(commit: string): boolean {
  const [theirs, ours] = [commit, 'HEAD'].map((each) => dependencies(git('show', `${each}:package.json`)))
  return Object.entries(theirs ?? {}).every(([name, range]) => ours?.[name] === range)
}

function dependencies(manifest: string | undefined): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(manifest ?? '{}')
  const found =
    typeof parsed === 'object' && parsed !== null && 'dependencies' in parsed && parsed.dependencies
  return typeof found === 'object' && found !== null ? { ...found } : {}
}

/** What git says. Undefined where it fails, or is not there. */
function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: PROJECT, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
