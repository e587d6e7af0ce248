import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Catalog } from '../catalog/catalog.ts'
import type { Config } from '../config/config.ts'
import { type Finding, fault, ok } from './finding.ts'

type Elsewhere = Exclude<Config['catalogue'], { kind: 'examples' }>

/** The catalogue as the service would read it, with no memory of an earlier time, and its broken entries by name. */
export async function checkCatalogue(
  source: Elsewhere,
  templateHosts: readonly string[],
): Promise<readonly Finding[]> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'notebook-runner-'))
  try {
    await using catalog = new Catalog({ source, templateHosts, cacheDir, log: { info() {}, warn() {} } })
    await catalog.start()
    const { entries, broken, stale } = catalog.list()
    if (stale !== undefined) return [fault('catalogue', 'catalogue-away', stale)]
    const found = ok('catalogue', `${entries.length} notebooks can be used.`)
    if (broken.length === 0) return [found]
    const why = broken.map(({ id, reason }) => `${id}: ${reason}`).join(' ')
    return [found, fault('entries of the catalogue', 'catalogue-broken', why)]
  } finally {
    await rm(cacheDir, { recursive: true, force: true })
  }
}
