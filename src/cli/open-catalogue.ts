import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Catalog } from '../catalog/catalog.ts'
import { loadConfig } from '../config/config.ts'
import { RunnerError } from '../errors.ts'

/**
 * Opens a catalogue just as the service would, with the hosts that the settings allow, but with no memory
 * of an earlier time. `use` may do with it what it likes until it returns. Throws `catalogue-unavailable`
 * where there is none.
 */
export async function withCatalogue<T>(where: string, use: (catalog: Catalog) => Promise<T>): Promise<T> {
  const { config } = loadConfig()
  const cacheDir = await mkdtemp(join(tmpdir(), 'notebook-runner-'))
  try {
    await using catalog = new Catalog({
      source: /^https?:/i.test(where) ? { kind: 'http', url: where } : { kind: 'path', path: resolve(where) },
      templateHosts: config.templates.hosts,
      cacheDir,
      log: { info() {}, warn() {} },
    })
    await catalog.start()
    const { stale } = catalog.list()
    if (stale !== undefined) throw new RunnerError('catalogue-unavailable', stale)
    return await use(catalog)
  } finally {
    await rm(cacheDir, { recursive: true, force: true })
  }
}
