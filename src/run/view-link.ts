import { userSegment } from '../storage/segment.ts'
import type { StorageScope, StoredObject } from '../storage/storage.ts'

/** Makes the link that opens a stored notebook in JupyterLab. */
export type ViewLink = (scope: StorageScope, object: StoredObject) => Promise<string>

/**
 * A link from a template such as `https://hub/user/{user}/{server}/lab/tree/s3/{path}`. `{server}` is what `serverOf`
 * makes of the workspace; an empty one goes without its slash. `{key}` is the object's key, `{path}` the
 * key inside the workspace's own prefix (`{workspace}/`). Values are percent-encoded, names as one segment each, and once
 * more where they stand in the query: there they are part of a link that is itself a value.
 */
export function viewLinkFromTemplate(template: string, serverOf: (workspace: string) => string): ViewLink {
  const queryStart = template.indexOf('?')
  return async (scope, object) => {
    const prefix = `${scope.workspace}/`
    const values: Readonly<Record<string, string>> = {
      workspace: segment(scope.workspace),
      user: segment(scope.user),
      server: segment(serverOf(scope.workspace)),
      key: path(object.key),
      path: path(object.key.startsWith(prefix) ? object.key.slice(prefix.length) : object.key),
    }
    return template.replace(/\/?\{(\w+)\}/g, (found, name: string, at: number) => {
      const encoded = values[name] ?? ''
      if (name === 'server' && encoded === '') return ''
      const slash = found.startsWith('/') ? '/' : ''
      return `${slash}${queryStart >= 0 && at > queryStart ? encodeURIComponent(encoded) : encoded}`
    })
  }
}

const path = (key: string): string => key.split('/').map(segment).join('/')

/** A name of one or two dots would climb, however it is percent-encoded. */
const segment = (name: string): string =>
  encodeURIComponent(/^\.{1,2}$/.test(name) ? userSegment(name) : name)
