import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RunnerError } from '../errors.ts'
import type { TemplateLocation } from './entry.ts'

/** What relative links of a catalogue are relative to: its own URL, or the folder it is in. */
export type CatalogueBase =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }

/**
 * Where a notebook is: http(s), s3, or relative to the catalogue and then inside its folder. Files are named only by a
 * catalogue that is a file itself: one from elsewhere could read ours. Throws `broken-entry`.
 */
export function templateLocation(link: string, base: CatalogueBase): TemplateLocation {
  if (link === '' || /\p{Cc}/u.test(link)) fail('it is empty or has a control character in it')
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(link)?.[1]?.toLowerCase()
  switch (scheme) {
    case undefined:
      return base.kind === 'file' ? fileInside(link, base.path) : urlInside(link, base.url)
    case 'http':
    case 'https':
      return { kind: 'http', url: absoluteUrl(link) }
    case 's3':
      return s3Object(link)
    case 'file':
      return base.kind === 'file'
        ? { kind: 'file', path: filePath(link) }
        : fail('a catalogue from the network cannot name files here')
    default:
      return fail(`"${scheme}:" is none of http, https, s3 and file`)
  }
}

function fail(reason: string): never {
  throw new RunnerError('broken-entry', `Its notebook cannot be located: ${reason}.`)
}

function absoluteUrl(link: string): string {
  const url = URL.canParse(link) ? new URL(link) : fail('it is no URL')
  if (url.username !== '' || url.password !== '') fail('its URL has a user name or a password in it')
  url.hash = ''
  return url.href
}

function s3Object(link: string): TemplateLocation {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/i.exec(link) ?? []
  if (bucket === undefined || key === undefined) fail('an S3 address is s3://bucket/key')
  return { kind: 's3', bucket, key }
}

function filePath(link: string): string {
  try {
    return fileURLToPath(link)
  } catch {
    return fail('it is no file: URL of this machine')
  }
}

function fileInside(link: string, folder: string): TemplateLocation {
  checkRelative(link)
  return { kind: 'file', path: join(folder, link) }
}

function urlInside(link: string, base: string): TemplateLocation {
  const [path = ''] = link.split(/[?#]/)
  checkRelative(path)
  checkRelative(decoded(path))
  return { kind: 'http', url: absoluteUrl(new URL(link, base).href) }
}

/** The server on the other side may decode what we don't: `..` is refused in every spelling. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return fail('its percent-encoding is wrong')
  }
}

function checkRelative(path: string): void {
  if (path.startsWith('/') || path.includes('\\') || /\p{Cc}/u.test(path) || path.split('/').includes('..')) {
    fail("a relative address must stay inside the catalogue's folder")
  }
}
