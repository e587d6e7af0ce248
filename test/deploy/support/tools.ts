import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { output } from './command.ts'

/** Where the tools are kept from one run to the next. */
export const CACHE = join(import.meta.dirname, '../../../.cache/deploy')
const KUBERNETES = 'v1.37.2'

/**
 * kubectl and kube-apiserver, built once from the Go module (a quarter of an hour on two cores).
 * @returns the folder that both are in
 */
export async function kubernetesTools(): Promise<string> {
  const folder = join(CACHE, `kubernetes-${KUBERNETES}`)
  for (const program of ['kubectl', 'kube-apiserver'])
    if (!(await isThere(join(folder, program)))) await buildKubernetes(folder, program)
  return folder
}

async function buildKubernetes(folder: string, program: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const download = JSON.parse(
    await output('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${KUBERNETES}`], { cwd: folder }),
  )
  const module = await readFile(String(download.GoMod), 'utf8')
  // Its own parts are replaced by folders of its repository: as a dependency they are modules of their own.
  const staging = `v0.${KUBERNETES.slice('v1.'.length)}`
  const parts = [...module.matchAll(/(k8s\.io\/[a-z0-9./-]+) => \.\/staging/g)].map(
    ([, name]) => `  ${name} => ${name} ${staging}`,
  )
  const versions = module.split('\n').filter((line) => /^(go|godebug|toolchain) /.test(line))
  await writeFile(
    join(folder, 'go.mod'),
    `module kubebuild\n\n${versions.join('\n')}\nrequire k8s.io/kubernetes ${KUBERNETES}\nreplace (\n${parts.join('\n')}\n)\n`,
  )
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=${KUBERNETES}`
  const unfinished = `${program}.unfinished`
  await output(
    'go',
    [
      'build',
      '-mod=mod',
      '-trimpath',
      '-ldflags',
      flags,
      '-o',
      unfinished,
      `k8s.io/kubernetes/cmd/${program}`,
    ],
    {
      cwd: folder,
    },
  )
  await rename(join(folder, unfinished), join(folder, program))
}

/** A program of a Go module, built once. @returns its path */
export async function goProgram(program: string, source: string, version: string): Promise<string> {
  const folder = join(CACHE, `${program}-${version}`)
  const path = join(folder, program)
  if (await isThere(path)) return path
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'go.mod'), 'module tools\n\ngo 1.26\n')
  await output('go', ['get', '-tool', `${source}@${version}`], { cwd: folder })
  const unfinished = `${path}.unfinished`
  await output('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, source], { cwd: folder })
  await rename(unfinished, path)
  return path
}

/** A Debian package, unpacked and not installed. @returns the folder that is its root */
export async function debianPackage(name: string): Promise<string> {
  const folder = join(CACHE, name)
  if (await isThere(join(folder, 'usr'))) return folder
  await mkdir(folder, { recursive: true })
  await output('apt-get', ['update', '-qq'])
  await output('apt-get', ['download', name], { cwd: folder })
  await output('sh', ['-c', 'dpkg -x ./*.deb unpacked && mv unpacked/* .'], { cwd: folder })
  return folder
}

/** A Go module as it was published: the CRDs of operators are files of theirs. @returns its folder */
export async function goModule(name: string, version: string): Promise<string> {
  await mkdir(CACHE, { recursive: true })
  const download = JSON.parse(
    await output('go', ['mod', 'download', '-json', `${name}@${version}`], { cwd: CACHE }),
  )
  return String(download.Dir)
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
