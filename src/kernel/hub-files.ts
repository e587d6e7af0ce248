import type { Readable } from 'node:stream'
import type { FolderFiles, FolderListing } from './folder-files.ts'
import { placeOfFolder } from './hub-place.ts'
import type { HubServers } from './hub-servers.ts'
import { ServerFiles } from './server-files.ts'

/** The files in people's own servers, as long as these are up: none is started for a file. */
export class HubFiles implements FolderFiles {
  readonly #servers: HubServers

  constructor(servers: HubServers) {
    this.#servers = servers
  }

  list(folder: string, most: number, signal: AbortSignal): Promise<FolderListing> {
    const at = this.#at(folder)
    return at.files.list(at.folder, most, signal)
  }

  read(folder: string, path: string, signal: AbortSignal): Promise<Readable> {
    const at = this.#at(folder)
    return at.files.read(at.folder, path, signal)
  }

  #at(text: string): { readonly files: FolderFiles; readonly folder: string } {
    const { place, folder } = placeOfFolder(text)
    const server = this.#servers.server(place)
    return { files: new ServerFiles((signal) => server.address(signal)), folder }
  }
}
