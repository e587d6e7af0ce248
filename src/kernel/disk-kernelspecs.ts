import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isObject, type JsonValue, parseJson } from '../notebook/json.ts'
import type { Kernelspec } from './kernel-host.ts'
import { textOf } from './message.ts'

/** All that is needed to start the kernel. https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs */
export interface DiskKernelspec extends Kernelspec {
  readonly folder: string
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly interruptMode: 'signal' | 'message'
}

/** Where kernels are looked for: as Jupyter does, those of the environment of `python` first. */
export function kernelspecFolders(
  python: string,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const home = environment['HOME'] ?? '/'
  const own =
    process.platform === 'darwin' ? join(home, 'Library/Jupyter') : join(home, '.local/share/jupyter')
  const roots = [
    ...(environment['JUPYTER_PATH'] ?? '').split(':').filter(Boolean),
    join(dirname(python), '../share/jupyter'),
    environment['JUPYTER_DATA_DIR'] ?? own,
    '/usr/local/share/jupyter',
    '/usr/share/jupyter',
  ]
  return roots.map((root) => join(root, 'kernels'))
}

/** The kernels of these folders by name; of one name the first counts. What is broken is not there. */
export async function readKernelspecs(folders: readonly string[]): Promise<Map<string, DiskKernelspec>> {
  const found = new Map<string, DiskKernelspec>()
  for (const parent of folders) {
    for (const entry of await readdir(parent).catch(() => [])) {
      const name = entry.toLowerCase()
      const spec = found.has(name) ? undefined : await readKernelspec(name, join(parent, entry))
      if (spec !== undefined) found.set(name, spec)
    }
  }
  return found
}

async function readKernelspec(name: string, folder: string): Promise<DiskKernelspec | undefined> {
  const json = await readFile(join(folder, 'kernel.json'), 'utf8')
    .then(parseJson)
    .catch(() => undefined)
  if (!isObject(json)) return undefined
  const argv = texts(json.get('argv'))
  if (argv.length === 0) return undefined
  const environment = json.get('env')
  const pairs = isObject(environment) ? [...environment] : []
  return {
    name,
    folder,
    argv,
    displayName: textOf(json, 'display_name') ?? name,
    language: textOf(json, 'language') ?? '',
    environment: Object.fromEntries(
      pairs.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
    ),
    interruptMode: textOf(json, 'interrupt_mode') === 'message' ? 'message' : 'signal',
  }
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
