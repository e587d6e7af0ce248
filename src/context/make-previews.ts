import { join } from 'node:path'
import { Previews } from '../catalog/previews.ts'
import type { Config } from '../config/config.ts'

const EXAMPLE_DATA = join(import.meta.dirname, '../../examples/data')

/**
 * Our own example data is read from its folder: no address of this machine is ever asked over the network.
 * @param publicUrl as it is once the service listens
 */
export function makePreviews({ previewHosts, catalogue }: Config, publicUrl: () => string): Previews {
  return new Previews({
    hosts: previewHosts,
    ownFile(url) {
      const prefix = `${publicUrl()}/examples/data/`
      const name = url.slice(prefix.length)
      const own = catalogue.kind === 'examples' && url.startsWith(prefix) && /^[\w-]+\.tif$/.test(name)
      return own ? join(EXAMPLE_DATA, name) : undefined
    },
  })
}
